/**
 * diesel: `2024-01-01-120000_add_email/up.sql`, perhaps with `down.sql` beside it.
 *
 * Facts from diesel-rs/diesel 2.3.12, diesel_migrations/src/file_based_migrations.rs, migration_harness.rs,
 * diesel_migrations/migrations_internals/src/lib.rs, diesel_cli/src/migrations/mod.rs.
 */
import { foldersAbove } from './above';
import { crateWith, cratesAbove, isForOthers } from './cargo';
import { transactionIn } from './dieselMetadata';
import { directives } from './directives/diesel';
import { otherDialect } from './foreign';
import type { FileProblem, FolderContents, FolderProblem, Layout, MigrationName } from './layout';
import { nextNumber, slugOf, timestamp } from './numbers';
import { loneDowns } from './problems';

const configurations = foldersAbove(cratesAbove).map((up) => `${up}diesel.toml`);

export const diesel: Layout = {
  name: 'diesel',
  label: 'diesel',
  directives,
  twice: 'diesel runs one of them only, and does not say which.',
  onTwice: 'refusesVersion',
  onByteOrderMark: 'diesel sends it to Postgres, which refuses the first statement.',

  configurationFiles: [...configurations, 'metadata.toml'],

  recognise(folder) {
    const first = foldersIn(folder).find((name) => /^\d{4}-?\d{2}/.test(name));
    if (first === undefined || !folder.list(first).includes(up)) return undefined;
    const crate = crateWith(folder, 'diesel');
    if ((crate && isForOthers(crate)) || otherDialect(folder, [`${first}${up}`]) !== undefined) return undefined;
    const configuration = configurations.find((it) => folder.read(it) !== undefined);
    if (configuration !== undefined) return `${configuration} lies above it`;
    if (crate) return `${crate.path} depends on diesel`;
    const named = /^(?:\d{4}-\d{2}-\d{2}-\d{6}.*_|\d+_diesel_initial_setup\/)/.test(first);
    return named ? `${first} is named as diesel names its folders` : undefined;
  },

  collect(folder) {
    // It passes over folders with nothing in them, and stops at others.
    const full = foldersIn(folder)
      .map((name) => ({ name, inside: folder.list(name) }))
      .filter(({ inside }) => inside.length > 0);
    const files = full.flatMap(({ name, inside }) =>
      [up, down].flatMap((file) => {
        const found = inside.includes(file) ? diesel.readName(`${name}${file}`) : undefined;
        return found ? [{ fileName: `${name}${file}`, name: found }] : [];
      }),
    );
    const without = full.filter(({ inside }) => !inside.includes(up)).map(({ name }) => name);
    const lone = loneDowns(files, '').map(({ fileName }) => fileName);
    return { files: files.filter(({ fileName }) => !lone.includes(fileName)), problems: without.map(refused) };
  },

  readName(fileName) {
    const [, folder, file] = /^([^./][^/]*)\/(up|down)\.sql$/.exec(fileName) ?? [];
    if (folder === undefined) return undefined;
    const [first = '', ...rest] = folder.split('_');
    const version = first.replaceAll('-', '');
    return {
      version,
      digits: /^\d+$/.test(version) ? version : '0',
      order: version,
      title: rest.join('_'),
      direction: file === 'down' ? 'down' : 'up',
    };
  },

  read(fileName, text, beside) {
    const direction = diesel.readName(fileName)?.direction === 'down' ? 'down' : 'up';
    const { transaction, problems } = transactionIn(beside?.(`${fileName.replace(/[^/]*$/, '')}metadata.toml`));
    return {
      // Without a transaction the file is still sent as one message.
      scripts: [{ direction, range: { start: 0, end: text.length }, mode: transaction ? 'transaction' : 'implicit' }],
      problems: [...(text === '' ? [empty] : []), ...problems],
    };
  },

  skeleton(title, existing, now) {
    const number = nextNumber(existing.flatMap(inSeconds), now, timestamp(now));
    const folder = `${number.replace(/^(\d{4})(\d\d)(\d\d)(\d{6})$/, '$1-$2-$3-$4')}-0000_${slugOf(title)}`;
    const text = '-- Your SQL goes here\n';
    return {
      files: [
        { name: `${folder}/${up}`, text },
        { name: `${folder}/${down}`, text: '-- This file should undo anything in `up.sql`\n' },
      ],
      cursor: text.length,
    };
  },
};

const up = 'up.sql';
const down = 'down.sql';

const foldersIn = ({ names }: FolderContents): readonly string[] =>
  names.filter((name) => name.endsWith('/') && !name.startsWith('.'));

const refused = (name: string): FolderProblem => ({
  fileName: `${name}${up}`,
  message: `diesel refuses the whole folder: ${name} has no ${up}. Write it, or delete what is in there.`,
});

const empty: FileProblem = {
  range: { start: 0, end: 0 },
  severity: 'error',
  code: 'diesel-empty-file',
  message: 'diesel refuses this file: it is empty. A comment will do.',
};

/** A number of what was made within the same second may follow the time. */
const inSeconds = (name: MigrationName): MigrationName[] =>
  name.digits.length >= 14 && !name.digits.startsWith('0') ? [{ ...name, digits: name.digits.slice(0, 14) }] : [];
