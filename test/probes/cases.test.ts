/**
 * Cases: what rows that only the target has make of a migration. The judge of each is Postgres, with the rows there.
 *
 * `schema` is what shadow and target have, `rows` what only the target has; every other file is a migration upon that.
 */
import { deepEqual } from 'node:assert/strict';
import { quoteIdentifier } from '../../server/engine/database/quote';
import type { Session } from '../../server/engine/database/session';
import { loadParser } from '../../server/engine/sql/parse';
import { statementsOf } from '../../server/engine/sql/scan';
import { describeCases, fileNamed, type FixtureFile, parseFixture, renderFixture } from '../support/fixture';
import { type Major, majors, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { type Asked, asked, refusedFirst } from './support';

const rooms: readonly (readonly [Major, string])[] = [
  ...majors.map((major) => [major, 'probes'] as const),
  [15, 'probesSince15'],
  [servers.newest, 'probesSince15'],
  [servers.newest, 'probesOfNewest'],
];

for (const [major, room] of rooms) {
  describe(`${room} on PostgreSQL ${major}`, () => {
    before(loadParser);
    describeCases(room, (source) =>
      withDatabase(major, (shadowUrl) =>
        withDatabase(major, (targetUrl) =>
          withSession(shadowUrl, (shadow) =>
            withSession(targetUrl, (target) => judged(source, shadow, target, targetUrl)),
          ),
        ),
      ),
    );
  });
}

async function judged(source: string, shadow: Session, target: Session, targetUrl: string): Promise<string> {
  const fixture = parseFixture(source);
  const [schema, rows] = [fileNamed(fixture, 'schema'), fileNamed(fixture, 'rows')];
  for (const [session, text] of [
    [shadow, schema.text],
    [target, schema.text + rows.text],
  ] as const) {
    const answer = await session.run(text);
    if (answer.kind === 'refused') throw new Error(`${answer.refusal.message} in ${text}`);
  }
  const judgedFiles: FixtureFile[] = [];
  for (const file of fixture.files) {
    if (file === schema || file === rows) {
      judgedFiles.push(file);
      continue;
    }
    const found = await asked(targetUrl, shadow, file.text);
    await compare(file, found, target);
    const marks = found
      .flat()
      .flatMap(({ finding }) =>
        finding ? [{ range: finding.range, says: `${finding.sqlState} ${finding.message}` }] : [],
      );
    judgedFiles.push({ ...file, marks });
  }
  return renderFixture(judgedFiles);
}

/** A file whose name ends with `unknown` is one whose refusal nobody can foresee: then nothing is said. */
async function compare(
  { name, text }: FixtureFile,
  found: readonly (readonly Asked[])[],
  target: Session,
): Promise<void> {
  const real = await refusedFirst(target, text);
  const index = found.findIndex((those) => those.some(({ finding }) => finding));
  const first = found[index]?.find(({ finding }) => finding)?.finding;
  const said = first && { index, sqlState: first.sqlState };
  if (name.endsWith('unknown')) return deepEqual({ name, said }, { name, said: undefined });
  deepEqual({ name, said, why: real && !said ? whyNot(found) : [] }, { name, said: real, why: [] });
  const [one, ...others] = (found[index] ?? []).filter(({ finding }) => finding);
  if (one && others.length === 0 && !notAlone.test(name) && (await isThere(target, one.probe.table)))
    deepEqual({ name, count: count(one) }, { name, count: await atFault(target, text, index, one) });
}

/**
 * Rows that cannot be tried by themselves: those whose parents are in the same table; and for an index also those that
 * were deleted in its transaction are computed.
 */
const notAlone = /to itself$|index on an expression/;

/** Under the name that it has when it is asked. */
async function isThere(target: Session, table: string): Promise<boolean> {
  const [row] = await target.rows<{ there: boolean }>('select to_regclass($1) is not null as there', [
    quoteIdentifier(table),
  ]);
  return row?.there === true;
}

const whyNot = (found: readonly (readonly Asked[])[]): string[] =>
  found.flat().flatMap(({ answer }) => (answer.kind === 'unknown' ? [answer.why] : []));

const count = ({ answer }: Asked): number | undefined => (answer.kind === 'some' ? answer.count : undefined);

/** Rows that Postgres refuses alone, or together with one other row, when all others of their table are taken away. */
async function atFault(target: Session, migration: string, index: number, { probe, answer }: Asked): Promise<number> {
  const sqlState = answer.kind === 'some' ? answer.sqlState : '';
  const statements = statementsOf(migration).slice(0, index + 1);
  const places = await placesIn(target, probe.table);
  const refused = async (kept: readonly string[]): Promise<boolean> => {
    const sent = await target.run(`begin; set local session_replication_role = replica;
      delete from ${quoteIdentifier(probe.table)} where not (tableoid::text || ctid::text = any('{${kept.map((it) => `"${it}"`).join(',')}}'));
      set local session_replication_role = origin;
      ${statements.map(({ text }) => text).join(';')}`);
    await target.run('rollback');
    return sent.kind === 'refused' && sent.refusal.sqlState.slice(0, 2) === sqlState.slice(0, 2);
  };
  const bad = new Set<string>();
  for (const one of places) if (await refused([one])) bad.add(one);
  for (const one of places)
    for (const other of places)
      if (one < other && !(bad.has(one) && bad.has(other)) && (await refused([one, other])))
        for (const it of await guilty(one, other, refused)) bad.add(it);
  return bad.size;
}

/** Both, unless one of them is refused alone. */
async function guilty(
  one: string,
  other: string,
  refused: (kept: readonly string[]) => Promise<boolean>,
): Promise<string[]> {
  if ((await refused([one])) || (await refused([other]))) return [];
  return [one, other];
}

async function placesIn(target: Session, table: string): Promise<string[]> {
  const rows = await target.rows<{ place: string }>(
    `select tableoid::text || ctid::text as place from ${quoteIdentifier(table)}`,
  );
  return rows.map(({ place }) => place);
}
