/**
 * One file as Flyway reads it: its placeholders, its statements, and whether they run in a transaction.
 *
 * Facts from flyway/flyway 13.0.0: internal/sqlscript/ParserSqlScript.java, SqlScriptMetadata.java.
 */
import { isWithin, type TextRange } from '../base/text';
import { inFile, sentOf } from '../sql/places';
import { statementsOf } from '../sql/scan';
import type { Replaced } from '../sql/statement';
import type { FlywayConfig } from './flywayConfig';
import { type FlywaySession, type Replacing, replacing, valuesFor } from './flywayPlaceholders';
import { isNonTransactional } from './flywayTransactions';
import type { FileProblem, FolderContents, MigrationFile, Piece, Script, TransactionMode } from './layout';
import { readScriptConfig, type ScriptConfig } from './flywayScriptConfig';
import { endsOfShared } from './sharedTransaction';

export interface FlywayReading {
  readonly config: FlywayConfig;
  readonly session: FlywaySession;
}

export function readFlyway(
  fileName: string,
  text: string,
  beside: FolderContents['read'],
  { config, session }: FlywayReading,
): MigrationFile {
  const own = readScriptConfig(beside(`${fileName}.conf`), `${fileName}.conf`);
  const encoding = own.encoding ?? config.encoding;
  if (!/^utf-?8$/i.test(encoding) && /[^\0-\x7f]/.test(text))
    return outside(`Flyway reads it as ${encoding}; Rehearsal reads UTF-8 only.`, own.problems);
  const replaces = own.placeholderReplacement ?? config.placeholders.replaced;
  const values = valuesFor(config, fileName.slice(fileName.lastIndexOf('/') + 1), session);
  const { replaced, unknown }: Replacing = replaces
    ? replacing(text, config.placeholders, values)
    : { replaced: [], unknown: [] };
  if (unknown.length > 0)
    return outside('A placeholder in it has no value here.', [
      ...own.problems,
      ...unknown.map(({ name, range }) => withoutValue(name, range, config)),
    ]);
  return scriptOf(text, replaced, own, config);
}

const outside = (why: string, problems: readonly FileProblem[]): MigrationFile => ({
  scripts: [],
  problems,
  outside: why,
});

function scriptOf(text: string, replaced: readonly Replaced[], own: ScriptConfig, config: FlywayConfig): MigrationFile {
  const range = { start: 0, end: text.length };
  const sent = sentOf(text, range, replaced);
  const statements = statementsOf(sent);
  const ranges = statements.map((it) => inFile(it.range, { range, replaced }));
  if (replaced.length > 0 && statements.some(({ kind }) => kind === 'copyIn'))
    return outside(
      'It has rows behind COPY … FROM STDIN beside placeholders, which Rehearsal does not run.',
      own.problems,
    );
  const apart = statements.map(({ text }) => isNonTransactional(text));
  const pieces = replaced.length > 0 ? { pieces: piecesOf(ranges, replaced) } : {};
  const script: Script = { direction: 'up', range, mode: modeOf(apart, own, config), ...pieces };
  return {
    scripts: [script],
    problems: [
      ...own.problems,
      ...mixes(apart, ranges, own, config),
      ...(config.group ? inGroup(text, script, ranges) : []),
    ],
  };
}

function modeOf(apart: readonly boolean[], own: ScriptConfig, config: FlywayConfig): TransactionMode {
  const inTransaction = own.executeInTransaction ?? (config.executeInTransaction && !apart.includes(true));
  return inTransaction ? 'transaction' : 'statements';
}

function inGroup(text: string, script: Script, [first]: readonly TextRange[]): FileProblem[] {
  if (script.mode === 'transaction') return endsOfShared('Flyway', text, script);
  if (!first) return [];
  const message =
    'Flyway refuses to run this file beside pending ones that run in a transaction, for it runs all as one group. Migrate to the version before it first, and to this one by itself.';
  return [{ range: first, severity: 'warning', code: 'flyway-group', message }];
}

/** The statement at which Flyway has seen both. */
function mixes(
  apart: readonly boolean[],
  ranges: readonly TextRange[],
  own: ScriptConfig,
  config: FlywayConfig,
): FileProblem[] {
  if (config.mixed || own.executeInTransaction !== undefined || !config.executeInTransaction) return [];
  const range = ranges[apart.findIndex((it) => it !== apart[0])];
  if (!range) return [];
  return [
    {
      range,
      severity: 'error',
      code: 'flyway-mixed',
      message:
        'Flyway refuses this file: it has statements that run in a transaction, and others that cannot. Give them files of their own, or set mixed = true.',
    },
  ];
}

/** One for each statement; several that stand in the place of one placeholder go together. */
function piecesOf(ranges: readonly TextRange[], replaced: readonly Replaced[]): Piece[] {
  const joined: TextRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last && range.start < last.end)
      joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    else joined.push(range);
  }
  return joined.map((range) => {
    const own = replaced.filter((it) => isWithin(it.range, range));
    return own.length > 0 ? { ...range, replaced: own } : range;
  });
}

function withoutValue(name: string, range: TextRange, { placeholders }: FlywayConfig): FileProblem {
  const { prefix, suffix, separator } = placeholders;
  const written = `${prefix}${name}${suffix}`;
  const isOwn = name.startsWith(`flyway${separator}`);
  const remedy = isOwn
    ? 'It is none that Flyway fills in, or not known here.'
    : `Give it a value (flyway.placeholders.${name.trim() || 'name'}), or set placeholderReplacement=false in a file beside this one that has its name and .conf.`;
  const length = Math.min(written.length, 60);
  return {
    range,
    severity: 'error',
    code: 'flyway-placeholder',
    message: `Flyway refuses this file: there is no value for ${written.slice(0, length).split(/[\r\n]/, 1)[0]}. ${remedy}`,
  };
}
