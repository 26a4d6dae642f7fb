/**
 * The files by which somebody else brings a target from where it is to the newest migration, with nothing but psql: what
 * to run, what to expect, and the way back.
 */
import type { Planned } from '../apply/plan';
import { sha256 } from '../base/digest';
import { quoteLiteral } from '../database/quote';
import { withoutVariables } from '../sql/psqlVariables';
import { changedAs, fingerprintOf, fingerprintQuery, linesOf, objectsQuery, type SchemaObjects } from './fingerprint';
import { historyGuard, isRecorded, isUntouched, raise, textArray } from './guards';
import type { BundledMigration, BundleParts, Fingerprints } from './parts';
import { readme } from './readme';

/** @returns texts by their paths in the bundle */
export function bundleFiles(parts: BundleParts): ReadonlyMap<string, string> {
  const after = objectsAfter(parts);
  const fingerprints = fingerprintsOf(parts);
  const files = new Map<string, string>([
    ['README.txt', readme(parts, fingerprints)],
    ['apply.sql', applyScript(parts)],
    ['revert.sql', revertScript(parts)],
    ['verify.sql', verifyScript(parts, after)],
    ['fingerprint.sql', fingerprintScript(parts)],
  ]);
  for (const { planned, up, down } of parts.migrations) {
    files.set(`up/${fileName(planned)}`, up);
    if (down.kind === 'script') files.set(`down/${fileName(planned)}`, down.text);
  }
  const sums = [...files].map(([path, text]) => `${sha256(text)}  ${path}\n`);
  return files.set('SHA256SUMS', sums.join(''));
}

const objectsAfter = ({ objects, shadow }: BundleParts): SchemaObjects | undefined =>
  shadow && changedAs(objects, shadow.before, shadow.after);

/** Of the schema before and after; undefined where it is not known. */
export function fingerprintsOf(parts: BundleParts): Fingerprints {
  const after = objectsAfter(parts);
  return { before: fingerprintOf(parts.objects), after: after && fingerprintOf(after) };
}

/** Psql takes it unquoted, and every file system has it. */
export const fileName = ({ migration: { version, title } }: Planned): string =>
  `${`${version}_${title}`.replaceAll(/[^\w.-]+/g, '_').slice(0, 120)}.sql`;

const versionOf = ({ planned }: BundledMigration): string => planned.migration.version;

/** What psql is told first, whatever its user has set up. */
function opening({ settings }: BundleParts, title: string): string {
  const set = Object.entries(settings).map(([name, value]) => `set ${name} = ${settingText(name, value)};`);
  return [
    `-- ${title}`,
    String.raw`\set ON_ERROR_STOP on`,
    String.raw`\set AUTOCOMMIT on`,
    String.raw`\set ON_ERROR_ROLLBACK off`,
    String.raw`\set SINGLELINE off`,
    String.raw`\set FETCH_COUNT 0`,
    String.raw`\encoding UTF8`,
    ...set,
  ].join('\n');
}

/** A list is taken as it was written. */
const settingText = (name: string, value: string): string =>
  name === 'search_path' && value !== '' ? withoutVariables(value) : quoteLiteral(value).trim();

const lineComment = (text: string): string => text.replaceAll(/\s+/g, ' ');

function applyScript(parts: BundleParts): string {
  const { history, makesHistory, locks, migrations } = parts;
  const made =
    makesHistory.length === 0
      ? []
      : [
          `select to_regclass(${quoteLiteral(history).trim()}) is null as rehearsal_missing \\gset`,
          ['\\if :rehearsal_missing', ...makesHistory.map((it) => `${it};`), '\\endif'].join('\n'),
        ];
  const steps = migrations.map((it) => {
    const version = versionOf(it);
    return [
      isRecorded(parts, version, 'rehearsal_done'),
      '\\if :rehearsal_done',
      `  \\echo ${quoted(`${version} is applied already.`)}`,
      '\\else',
      `  \\echo ${quoted(`Applying ${version}…`)}`,
      `  \\ir up/${fileName(it.planned)}`,
      '\\endif',
    ].join('\n');
  });
  return joined(
    opening(
      parts,
      `Applies ${migrations.length} migrations to ${lineComment(parts.target)}. Run it as README.txt says.`,
    ),
    ...locks.map((it) => `${it};`),
    ...made,
    historyGuard(parts),
    schemaGuard(parts),
    ...steps,
    `\\echo ${quoted('Done. Run verify.sql now.')}`,
  );
}

/** A schema that somebody has changed by hand may take the scripts in another way than they were rehearsed. */
function schemaGuard(parts: BundleParts): string {
  const expected = quoteLiteral(fingerprintOf(parts.objects)).trim();
  const stop = raise(
    'The schema is not as it was when the bundle was made; nothing was changed.',
    'verify.sql lists what is another; -v ignore_schema=1 goes on all the same.',
  );
  return [
    isUntouched(parts, 'rehearsal_untouched'),
    '\\if :{?ignore_schema}',
    '  \\set rehearsal_untouched off',
    '\\endif',
    '\\if :rehearsal_untouched',
    ...inPgCatalog(`select (${fingerprintQuery(parts.history)}) = ${expected} as rehearsal_same \\gset`),
    '\\if :rehearsal_same',
    '\\else',
    stop,
    '\\endif',
    '\\endif',
  ].join('\n');
}

function revertScript(parts: BundleParts): string {
  const { migrations, locks } = parts;
  const newestFirst = migrations.toReversed();
  const lacking = newestFirst.flatMap((it) =>
    it.down.kind === 'none'
      ? [
          [
            isRecorded(parts, versionOf(it), 'rehearsal_done'),
            '\\if :rehearsal_done',
            raise(`${versionOf(it)} cannot be reverted; nothing was changed.`, it.down.why),
            '\\endif',
          ].join('\n'),
        ]
      : [],
  );
  const steps = newestFirst.map((it) => {
    const version = versionOf(it);
    return [
      isRecorded(parts, version, 'rehearsal_done'),
      '\\if :rehearsal_done',
      `  \\echo ${quoted(`Reverting ${version}…`)}`,
      ...(it.down.kind === 'script' ? [`  \\ir down/${fileName(it.planned)}`] : []),
      '\\else',
      `  \\echo ${quoted(`${version} is not applied.`)}`,
      '\\endif',
    ].join('\n');
  });
  return joined(
    opening(parts, `Takes back what apply.sql has applied to ${lineComment(parts.target)}. Run it as README.txt says.`),
    ...locks.map((it) => `${it};`),
    historyGuard(parts),
    ...lacking,
    ...steps,
    `\\echo ${quoted('Reverted.')}`,
  );
}

function verifyScript(parts: BundleParts, after: SchemaObjects | undefined): string {
  const { versions, recorded, objects, history } = parts;
  const recordedNow = `select version, case when version in (select version from (
    ${recorded}
  ) recorded(version)) then 'recorded' else 'MISSING' end as history
from unnest(${textArray(versions)}) with ordinality bundled(version, place) order by place;`;
  const missing = raise('Not every migration of the bundle is recorded.', 'Run apply.sql.');
  const allRecorded = [
    `select count(*) = ${versions.length} as rehearsal_all from unnest(${textArray(versions)}) it where it in (select version from (
    ${recorded}
  ) recorded(version)) \\gset`,
    '\\if :rehearsal_all',
    '\\else',
    ...(after
      ? ['\\echo', `\\echo ${quoted('What is another one than before apply.sql:')}`, ...comparison(objects, history)]
      : []),
    missing,
    '\\endif',
  ].join('\n');
  const schema = after
    ? [
        `\\echo ${quoted('What is not as expected (no rows: all is):')}`,
        ...comparison(after, history),
        ...inPgCatalog(
          `select (${fingerprintQuery(history)}) = ${quoteLiteral(fingerprintOf(after)).trim()} as rehearsal_same \\gset`,
        ),
        '\\if :rehearsal_same',
        `  \\echo ${quoted('The schema is as expected.')}`,
        '\\else',
        raise('The schema is not as expected.', 'The list above says what is another.'),
        '\\endif',
      ]
    : [`\\echo ${quoted('What the schema should be is not known: see README.txt.')}`];
  return joined(
    opening(parts, `Looks whether ${lineComment(parts.target)} is as it should be after apply.sql. It only reads.`),
    recordedNow,
    allRecorded,
    ...schema,
  );
}

/** Lists the objects that are there and should not be, the other way round, and those that are others. */
function comparison(expected: SchemaObjects, history: string): readonly string[] {
  const rows = linesOf(expected).map((line) => {
    const at = line.lastIndexOf(' ');
    return `(${quoteLiteral(line.slice(0, at)).trim()}, '${line.slice(at + 1)}')`;
  });
  const known = rows.length === 0 ? `select ''::text, ''::text where false` : `values ${rows.join(',\n  ')}`;
  return inPgCatalog(`with expected(object, hash) as (${known}),
found as (
${objectsQuery(history)}
)
select coalesce(expected.object, found.object) as object,
  case when found.object is null then 'missing' when expected.object is null then 'not expected' else 'another' end as is
from expected full join found using (object) where expected.hash is distinct from found.hash order by 1;`);
}

const fingerprintScript = (parts: BundleParts): string =>
  joined(
    opening(parts, 'Tells the fingerprint of the schema. It only reads.'),
    ...inPgCatalog(`${fingerprintQuery(parts.history)};`),
  );

/** Definitions name everything with its schema then. */
const inPgCatalog = (query: string): readonly string[] => [
  'begin read only;',
  'set local search_path = pg_catalog;',
  query,
  'rollback;',
];

/** As an argument of a command of psql. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''").replaceAll('\\', '')}'`;

const joined = (...parts: readonly string[]): string => `${parts.filter((it) => it !== '').join('\n\n')}\n`;
