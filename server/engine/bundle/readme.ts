/** What to do in which order, for those who get a bundle and know neither the project nor the tool. */
import type { BundledMigration, BundleParts, Fingerprints } from './parts';

export function readme(parts: BundleParts, { before, after }: Fingerprints): string {
  const { target, server, tool, made, versions, migrations } = parts;
  const count = versions.length === 1 ? '1 migration' : `${versions.length} migrations`;
  return `Script bundle: ${count} for ${target}

Made by Rehearsal on ${made}, for ${tool}, from what ${server} had then.

What is in it
-------------
${migrations.map(lineOf).join('\n')}

apply.sql        brings the database to the newest migration, and records each as ${tool} does
verify.sql       only reads: is each migration recorded, is the schema as expected, and what is not
revert.sql       takes back what apply.sql has applied, newest first
fingerprint.sql  only reads: tells the fingerprint of the schema
up/, down/       the scripts of the migrations; apply.sql and revert.sql call them
SHA256SUMS       checksums of all other files

What to do
----------
1. See that nothing was lost or changed on the way:

     sha256sum -c SHA256SUMS

2. Take a backup, or see that there is one.

3. See that the schema is the expected one (apply.sql looks itself, too, and stops otherwise):

     psql -X -f fingerprint.sql "CONNECTION"
     expected: ${before}

4. Apply. Every error stops it; run it again when the cause is mended: what is applied is passed over.

     psql -X -f apply.sql "CONNECTION"

5. Verify.

     psql -X -f verify.sql "CONNECTION"
     ${after === undefined ? notKnown : `expected fingerprint: ${after}`}

6. Should it have to be taken back:

     psql -X -f revert.sql "CONNECTION"
${downsOf(migrations)}
CONNECTION is a URL or key=value pairs as psql takes them. Connect as the role that ${tool} connects as: it owns what is
made. psql 11 or newer is needed. To give up rather than to wait for locks of others, set PGOPTIONS='-c lock_timeout=5s'.

What stops apply.sql and revert.sql
-----------------------------------
They look at the history first, and change nothing unless the database has what it had when the bundle was made, and of
these migrations none, all, or the first few. apply.sql also stops when the schema was changed by hand meanwhile;
verify.sql lists what is another, and psql -v ignore_schema=1 goes on all the same.

The fingerprint is made of tables, columns, constraints, indexes, views, sequences, types, routines, triggers, policies,
rules, statistics, schemas and extensions; owners, privileges, comments and the table of the history are no part of it.
How long each migration took is not recorded.
`;
}

const notKnown =
  'what the schema should be is not known: it was rehearsed on another major version of PostgreSQL than the target has.';

const lineOf = ({ planned, down }: BundledMigration): string => {
  const { version, title } = planned.migration;
  const modes = new Set(planned.scripts.map(({ script }) => script.mode));
  const mode = [...modes].every((it) => it !== 'statements')
    ? 'all or nothing'
    : 'statement by statement: what ran before an error stays';
  const back = down.kind === 'none' ? '; no way back' : '';
  return `  ${version}  ${title.replaceAll(/\s+/g, ' ')} (${mode}${back})`;
};

function downsOf(migrations: readonly BundledMigration[]): string {
  const lacking = migrations.filter(({ down }) => down.kind === 'none').map(({ planned }) => planned.migration.version);
  return lacking.length === 0
    ? ''
    : `
   It cannot take back ${lacking.join(', ')}, and stops before it changes anything once one of these is applied: restore
   the backup then.
`;
}
