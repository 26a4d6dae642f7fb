/**
 * Supabase CLI: `supabase/migrations/20240101120000_add_email.sql`; there is no way down.
 *
 * Facts from the CLI 3.1.0, and from supabase/cli: apps/cli-go/pkg/migration/list.go, file.go, apply.go, and
 * internal/migration/new/new.go. A file goes out as one pipeline of the extended protocol, with its row of the history:
 * an implicit transaction. What cannot be in one divides it, which version 2 did not do.
 */
import { isWithin, type TextRange } from '../base/text';
import { statementsOf } from '../sql/scan';
import type {
  Collected,
  FileProblem,
  FolderContents,
  FolderProblem,
  Layout,
  MigrationFile,
  MigrationName,
  Script,
} from './layout';
import { nextNumber, slugOf, timestamp } from './numbers';
import { namedIn } from './problems';
import { supabasePlatform } from './supabasePlatform';
import { tokensIn } from './supabaseStatements';

export const supabase: Layout = {
  name: 'supabase',
  label: 'Supabase CLI',
  directives: {
    page: 'https://supabase.com/docs/guides/deployment/database-migrations',
    all: [],
    withoutTransaction: 'The Supabase CLI runs each file in one transaction; no file can be taken out of it.',
  },
  platform: supabasePlatform,
  onByteOrderMark: 'The Supabase CLI sends it to Postgres, which refuses the first statement.',
  twice: 'The Supabase CLI records the version a second time, which Postgres refuses.',
  onTwice: 'refusesVersion',
  onlyUp: true,
  recognise,
  collect,
  readName,
  read: readFile,

  skeleton(title, existing, now) {
    const name = `${nextNumber(existing, now, timestamp(now))}_${slugOf(title)}.sql`;
    return { files: [{ name, text: '' }], cursor: 0 };
  },
};

function recognise(folder: FolderContents): string | undefined {
  if (!folder.names.some((name) => readName(name))) return undefined;
  const isUsual = /[\\/]supabase[\\/]migrations$/.test(folder.path);
  const isBeside =
    /[\\/]migrations$/.test(folder.path) && /^\s*project_id\s*=/m.test(folder.read('../config.toml') ?? '');
  if (isBeside) return 'a config.toml of the Supabase CLI lies beside it';
  return isUsual ? 'it is supabase/migrations' : undefined;
}

/** Versions are compared as texts. */
function readName(fileName: string): MigrationName | undefined {
  const [, digits, title] = /^([0-9]+)_(.*)\.sql$/.exec(fileName) ?? [];
  if (digits === undefined || title === undefined) return undefined;
  return { version: digits, digits, order: `${digits} ${fileName}`, title, direction: 'up' };
}

function collect(folder: FolderContents): Collected {
  const [first = ''] = folder.names;
  const others = folder.names.filter((name) => name.endsWith('.sql') && !readName(name));
  const files = namedIn(supabase, folder);
  if (!isOldInit(first)) return { files, problems: others.map(passedOver) };
  return {
    files: files.filter(({ fileName }) => fileName !== first),
    problems: [oldInit(first), ...others.map(passedOver)],
  };
}

/** What an early CLI wrote as the first file of every project. */
function isOldInit(name: string): boolean {
  const digits = /([0-9]{14})_init\.sql/.exec(name)?.[1];
  return digits !== undefined && BigInt(digits) < 20_211_209_000_000n;
}

const oldInit = (fileName: string): FolderProblem => ({
  fileName,
  message:
    'The Supabase CLI passes over this file, for an early version wrote one of this name by itself. Rename it to have it applied.',
});

const passedOver = (fileName: string): FolderProblem => ({
  fileName,
  message: 'The Supabase CLI passes over this file: its name has to be a number, "_", a title and ".sql".',
});

function readFile(_fileName: string, text: string): MigrationFile {
  const script = { direction: 'up', range: { start: 0, end: text.length } } as const;
  const tokens = mayDiffer.test(text) ? tokensIn(text) : undefined;
  return { scripts: [{ ...script, ...wayOf(text) }], problems: tokens ? problemsOf(text, tokens) : [] };
}

/**
 * With a statement of its own about transactions, or with the first line that asks for it, each statement is sent by
 * itself; what cannot be in a transaction is, too, and what stands before and behind it is one each.
 */
function wayOf(text: string): Pick<Script, 'mode' | 'pieces'> {
  if (/^-- pg-delta: transaction=false\r?(?:\n|$)/.test(text)) return { mode: 'statements' };
  if (!mayBeAlone.test(text)) return { mode: 'transaction' };
  const statements = statementsOf(text);
  if (statements.some((it) => controlsTransaction.test(it.text))) return { mode: 'statements' };
  if (!statements.some((it) => standsAlone.test(it.text))) return { mode: 'transaction' };
  const starts = statements
    .filter((it, at) => at > 0 && (standsAlone.test(it.text) || standsAlone.test(statements[at - 1]?.text ?? '')))
    .map(({ range }) => range.start);
  const pieces = [0, ...starts].map((start, at) => ({ start, end: starts[at] ?? text.length }));
  return { mode: 'statements', pieces };
}

const standsAlone =
  /^(?:create\s+(?:unique\s+)?index\s+concurrently|drop\s+index\s+concurrently|reindex\b.*\sconcurrently|vacuum|alter\s+system|cluster)(?![^\s(])/i;

const controlsTransaction =
  /^(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))(?!\S)/i;

/** A quick look at the whole. */
const mayBeAlone =
  /\b(?:concurrently|vacuum|alter\s+system|cluster|begin|start\s+transaction|commit|end|abort|rollback|prepare\s+transaction)\b/i;

/** Where none of this stands in a text, the CLI ends statements where Postgres does; to look is quick. */
const mayDiffer = /\\|\batomic\b|\bcopy\b|\brule\b/i;

/** The rehearsal goes on with the statements as they were meant. */
function problemsOf(text: string, tokens: readonly TextRange[]): FileProblem[] {
  const statements = statementsOf(text);
  const problems: FileProblem[] = [];
  let at = 0;
  for (const { range } of statements) {
    while (at < tokens.length && (tokens[at]?.end ?? 0) <= range.start) at++;
    const cut = tokens[at]?.end ?? text.length;
    if (cut < range.end) problems.push(torn({ start: cut - 1, end: cut }));
  }
  for (const token of tokens) {
    const inside = statements.filter(({ range }) => isWithin(range, token));
    const second = inside[1];
    if (second) problems.push(joined(second.range));
  }
  return problems;
}

const torn = (range: TextRange): FileProblem => ({
  code: 'supabase-torn-statement',
  range,
  severity: 'error',
  message:
    'The Supabase CLI ends a statement at this semicolon, and Postgres refuses the parts. Write it without the parentheses before it, or put it into a DO block.',
});

const joined = (range: TextRange): FileProblem => ({
  code: 'supabase-joined-statements',
  range,
  severity: 'error',
  message:
    'The Supabase CLI does not see where the statement before this one ends, and Postgres refuses two in one. For it a backslash outside of strings hides what follows; lines for psql and rows behind COPY are none of its business.',
});
