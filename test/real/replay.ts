/**
 * The other opinion: replays a folder of migrations on a plain database, as its tool would, with nothing of ours.
 *
 * Files are read by a few lines of its own, statements are cut by libpg_query, Postgres is called through `pg`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadModule, parseSync } from 'libpg-query';
import { type Client, DatabaseError } from 'pg';

export type ToolName =
  | 'golang-migrate'
  | 'dbmate'
  | 'goose'
  | 'flyway'
  | 'graphile-migrate'
  | 'supabase'
  | 'atlas'
  | 'prisma'
  | 'sqlx'
  | 'diesel'
  | 'drizzle'
  | 'sqitch'
  | 'numbered';

export interface Replayed {
  readonly file: string;
  /** 0 when the file cannot be parsed. */
  readonly statements: number;
  /** What Postgres refused first, when the file runs as its tool runs it. */
  readonly refused: Refused | undefined;
  /** Where the down section begins in a file that holds both, a line from 1: nothing of it was run. */
  readonly down: number;
}

export interface Refused {
  readonly sqlState: string;
  readonly message: string;
  /** Lines of the refused statement, from 1, both ends in; of the whole script when the statement is not known. */
  readonly from: number;
  readonly to: number;
}

/** The part of a file that runs. */
export interface Up {
  readonly file: string;
  readonly whole: string;
  readonly start: number;
  readonly sql: string;
  readonly inTransaction: boolean;
  /** A transaction that it leaves open goes on in the next one. */
  readonly goesOn?: true;
}

/**
 * After a refusal the database gets what is left of the file without the refused statements, as a compiler goes on
 * after an error: so later files meet the state that they meet in a rehearsal.
 */
export async function replay(folder: string, tool: ToolName, client: Client): Promise<readonly Replayed[]> {
  await loadModule();
  const done = new Map<string, Replayed>();
  for (const up of upsIn(folder, tool)) {
    const before = done.get(up.file);
    const { statements, refused } = await replayOne(up, client);
    done.set(up.file, {
      file: up.file,
      statements: statements + (before?.statements ?? 0),
      refused: before?.refused ?? refused,
      down: downIn(up.whole),
    });
  }
  return [...done.values()];
}

export async function replayOne(up: Up, client: Client): Promise<Omit<Replayed, 'file' | 'down'>> {
  const statements = statementsOf(up.sql);
  const error = await attempt(client, up.inTransaction ? `begin;${up.sql}\n;commit` : up.sql);
  if (error || !up.goesOn) await client.query('rollback');
  if (!error) return { statements: statements?.length ?? 0, refused: undefined };
  const place = placeOf(error, up);
  const range = (await goOn(client, statements ?? [])) ?? { start: place, end: place };
  const line = (offset: number) => up.whole.slice(0, up.start + offset).split('\n').length;
  return {
    statements: statements?.length ?? 0,
    refused: { sqlState: error.code ?? '', message: error.message, from: line(range.start), to: line(range.end) },
  };
}

export const toolOf = (folder: string): ToolName => {
  const all = readdirSync(folder);
  const holdsFolderWith = (name: string) => all.some((it) => existsSync(join(folder, it, name)));
  if (all.includes('meta') || holdsFolderWith('snapshot.json')) return 'drizzle';
  if (all.includes('sqitch.plan')) return 'sqitch';
  if (holdsFolderWith('migration.sql')) return 'prisma';
  if (holdsFolderWith('up.sql')) return 'diesel';
  if (isBelowCrateWithSqlx(folder)) return 'sqlx';
  if (all.includes('committed')) return 'graphile-migrate';
  if (/\/supabase\/migrations\/?$/.test(folder)) return 'supabase';
  const names = all.filter((it) => it.endsWith('.sql'));
  if (all.includes('atlas.sum') && !names.some((it) => it.endsWith('.up.sql'))) return 'atlas';
  if (names.some((it) => it.endsWith('.up.sql'))) return 'golang-migrate';
  if (names.some((it) => /^V\d.*__/.test(it))) return 'flyway';
  const holds = (pattern: RegExp) => names.some((it) => pattern.test(readFileSync(join(folder, it), 'utf8')));
  if (holds(/^-- \+goose up/im)) return 'goose';
  return holds(/^--\s*migrate:up/m) ? 'dbmate' : 'numbered';
};

function isBelowCrateWithSqlx(folder: string): boolean {
  for (let at = folder; dirname(at) !== at; at = dirname(at)) {
    const crate = join(at, 'Cargo.toml');
    if (existsSync(crate) && /^sqlx\b/m.test(readFileSync(crate, 'utf8'))) return true;
  }
  return false;
}

export function upsIn(folder: string, tool: ToolName): readonly Up[] {
  if (tool === 'prisma' || tool === 'diesel') return upsInFolders(folder, tool);
  if (tool === 'flyway') return upsOfFlyway(folder);
  if (tool === 'graphile-migrate') return committedIn(join(folder, 'committed'));
  if (tool === 'drizzle') return upsOfDrizzle(folder);
  if (tool === 'sqitch') return upsOfSqitch(folder);
  const names = readdirSync(folder).filter(
    (it) =>
      /^\d+.*\.sql$/.test(it) && (tool !== 'golang-migrate' || it.endsWith('.up.sql')) && !it.endsWith('.down.sql'),
  );
  return names.toSorted(tool === 'dbmate' ? byName : byNumber).flatMap((name) => {
    const whole = readFileSync(join(folder, name), 'utf8').replace(/^\ufeff/, '');
    const file = join(folder, name);
    if (tool === 'dbmate') return sectionsOf(whole).map((it) => ({ ...it, file, whole }));
    if (tool === 'goose') return messagesOf(whole).map((it) => ({ ...it, file, whole }));
    if (tool === 'atlas' && isAlone(tool, whole))
      return (statementsOf(whole) ?? []).map(({ start, text }) => ({
        file,
        whole,
        start,
        sql: text,
        inTransaction: false,
      }));
    return [{ file, whole, start: 0, sql: whole, inTransaction: tool !== 'golang-migrate' && !isAlone(tool, whole) }];
  });
}

/** Versions part by part as numbers, then what is repeatable by name; a script with CONCURRENTLY statement by statement. */
function upsOfFlyway(folder: string): readonly Up[] {
  const versionOf = (name: string): readonly number[] =>
    (/^V([\d._]+?)(?:__|\.sql)/.exec(name)?.[1] ?? '9e99').split(/[._]/).map(Number);
  const names = readdirSync(folder).filter((it) => /^(?:V\d|R__).*\.sql$/i.test(it));
  const compared = (one: string, other: string): number => {
    const [first, second] = [versionOf(one), versionOf(other)];
    const at = first.findIndex((part, index) => part !== (second[index] ?? 0));
    if (at >= 0) return (first[at] ?? 0) - (second[at] ?? 0);
    return first.length - second.length || (one < other ? -1 : 1);
  };
  return names.toSorted(compared).flatMap((name): Up[] => {
    const file = join(folder, name);
    const whole = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
    if (!/\bconcurrently\b/i.test(whole)) return [{ file, whole, start: 0, sql: whole, inTransaction: true }];
    let start = 0;
    return whole.split(/(?<=;[ \t]*\n)/).map((sql) => {
      start += sql.length;
      return { file, whole, start: start - sql.length, sql, inTransaction: false };
    });
  });
}

/** As the journal lists them, or by the names of folders; piece by piece where a file breaks out of the transaction. */
function upsOfDrizzle(folder: string): readonly Up[] {
  const journal = join(folder, 'meta', '_journal.json');
  const files = existsSync(journal)
    ? (JSON.parse(readFileSync(journal, 'utf8')) as { entries: readonly { tag: string }[] }).entries.map(
        ({ tag }) => `${tag}.sql`,
      )
    : readdirSync(folder)
        .toSorted(byName)
        .map((it) => join(it, 'migration.sql'));
  return files
    .map((name) => join(folder, name))
    .filter((file) => existsSync(file))
    .flatMap((file): Up[] => {
      const whole = readFileSync(file, 'utf8');
      if (!/^\s*commit\b/im.test(whole)) return [{ file, whole, start: 0, sql: whole, inTransaction: true }];
      let start = 0;
      return whole.split(/(?<=--> statement-breakpoint)/).map((sql) => {
        start += sql.length;
        return { file, whole, start: start - sql.length, sql, inTransaction: false, goesOn: true };
      });
    });
}

/** In the order of the plan, without the lines that are for psql; one that comes again names the tag of the former one. */
function upsOfSqitch(folder: string): readonly Up[] {
  const lines = readFileSync(join(folder, 'sqitch.plan'), 'utf8')
    .split(/\r?\n/)
    .map((it) => it.trim());
  const nameOf = (line: string | undefined): string => /^([^\s%#@]\S*)/.exec(line ?? '')?.[1] ?? '';
  return lines.flatMap((line, at): Up[] => {
    const name = nameOf(line);
    if (name === '') return [];
    const next = lines.slice(at + 1).find((it) => nameOf(it) === name);
    const tag = next === undefined ? '' : `@${next.split(`${name}@`)[1]?.split(/[\s\]]/, 1)[0] ?? ''}`;
    const file = join(folder, 'deploy', `${name}${tag}.sql`);
    if (!existsSync(file)) return [];
    const whole = readFileSync(file, 'utf8');
    const sql = whole.replaceAll(/^\\.*$/gm, (it) => ' '.repeat(it.length));
    return [{ file, whole, start: 0, sql, inTransaction: false }];
  });
}

/** One folder for each migration; that of diesel says in a file beside it whether it wants no transaction. */
const upsInFolders = (folder: string, tool: 'prisma' | 'diesel'): readonly Up[] =>
  readdirSync(folder)
    .toSorted((one, other) => (one.replaceAll('-', '') < other.replaceAll('-', '') ? -1 : 1))
    .flatMap((name) => {
      const file = join(folder, name, tool === 'prisma' ? 'migration.sql' : 'up.sql');
      if (!existsSync(file)) return [];
      const whole = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
      const inTransaction = tool === 'diesel' && !existsSync(join(folder, name, 'metadata.toml'));
      return [{ file, whole, start: 0, sql: whole, inTransaction }];
    });

const isAlone = (tool: ToolName, whole: string): boolean =>
  tool === 'supabase' ||
  (tool === 'sqlx' && whole.startsWith('-- no-transaction')) ||
  (tool === 'atlas' && /^-- atlas:txmode none/m.test(whole));

/** What stands behind the head of each committed file of graphile-migrate, with the placeholders of the environment. */
function committedIn(folder: string): readonly Up[] {
  return readdirSync(folder)
    .filter((it) => it.endsWith('.sql'))
    .toSorted(byName)
    .map((name) => {
      const whole = readFileSync(join(folder, name), 'utf8').replaceAll(
        /:(DATABASE_[A-Z]+)\b/g,
        (written, variable: string) => process.env[variable] ?? written,
      );
      const start = whole.indexOf('\n\n') + 2;
      const sql = whole.slice(start);
      return { file: join(folder, name), whole, start, sql, inTransaction: !/^\s*--!\s*no-transaction/.test(sql) };
    });
}

/** The up sections of dbmate; a file may have several. */
function sectionsOf(whole: string): readonly Omit<Up, 'file' | 'whole'>[] {
  const markers = [...whole.matchAll(/^--\s*migrate:(up|down)(.*)$/gm)];
  return markers.flatMap(({ 1: direction, 2: options = '', index }, nth) => {
    const sql = whole.slice(index, markers[nth + 1]?.index);
    return direction === 'up' ? [{ start: index, sql, inTransaction: !/transaction:false/.test(options) }] : [];
  });
}

/** The up section of goose in one transaction; or what it sends, each by itself. */
function messagesOf(whole: string): readonly Omit<Up, 'file' | 'whole'>[] {
  const start = whole.search(/^-- \+goose up/im);
  const down = whole.search(/^-- \+goose down/im);
  const sql = whole.slice(start, down < 0 ? undefined : down);
  if (!/^-- \+goose no transaction/im.test(whole)) return [{ start, sql, inTransaction: true }];
  const parts = sql.split(/(?<=^-- \+goose StatementEnd.*\n)|(?<=;[ \t]*(?:--.*)?\n)/im);
  const messages: { start: number; sql: string; inTransaction: false }[] = [];
  let at = start;
  for (const part of parts) {
    const last = messages.at(-1);
    const open = last && /StatementBegin(?![^]*StatementEnd)/i.test(last.sql);
    if (open) last.sql += part;
    else messages.push({ start: at, sql: part, inTransaction: false });
    at += part.length;
  }
  return messages;
}

function downIn(whole: string): number {
  const at = whole.search(/^--\s*(?:\+goose|migrate:)\s*down/im);
  return at < 0 ? Infinity : whole.slice(0, at).split('\n').length;
}

const number = (name: string) => BigInt(/^\d+/.exec(name)?.[0] ?? 0);
const byName = (one: string, other: string) => (one < other ? -1 : 1);
const byNumber = (one: string, other: string) => (number(one) < number(other) ? -1 : 1);

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** @returns undefined when libpg_query cannot parse the text; its offsets count bytes of UTF-8 */
function statementsOf(sql: string): readonly Piece[] | undefined {
  const bytes = Buffer.from(sql);
  const offset = (byte: number) => bytes.subarray(0, byte).toString().length;
  try {
    return (parseSync(sql).stmts ?? []).map(({ stmt_location: at = 0, stmt_len: length }) => {
      const raw = bytes.subarray(at, length ? at + length : undefined).toString();
      const blank = /^(\s|--.*(\n|$)|\/\*[\s\S]*?\*\/)*/.exec(raw)?.[0].length ?? 0;
      const start = offset(at) + blank;
      return { start, end: start + raw.slice(blank).trimEnd().length, text: raw.slice(blank) };
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'SqlError') return undefined;
    throw error;
  }
}

/** Runs what can be run, in one transaction, and keeps it. @returns the first statement that is refused */
async function goOn(client: Client, statements: readonly Piece[]): Promise<Piece | undefined> {
  const plainly = async (some: readonly Piece[]) => {
    for (const it of some) if (await attempt(client, it.text)) return it;
    return undefined;
  };
  const plain = statements.filter((it) => !/^\s*(?:begin|start|commit|end|abort|rollback)\b/i.test(it.text));
  await client.query('begin');
  const refused = await plainly(plain);
  await client.query('rollback');
  await client.query('begin');
  for (const it of plain) {
    await client.query('savepoint before');
    if (await attempt(client, it.text)) await client.query('rollback to before');
  }
  await client.query('commit');
  return refused;
}

async function attempt(client: Client, sql: string): Promise<DatabaseError | undefined> {
  try {
    await client.query(sql);
    return undefined;
  } catch (error) {
    if (error instanceof DatabaseError) return error;
    throw error;
  }
}

/** Offset in the script that a syntax error points to; Postgres counts characters from 1. */
function placeOf({ position }: DatabaseError, { sql, inTransaction }: Up): number {
  const character = Number(position ?? 1) - 1 - (inTransaction ? 'begin;'.length : 0);
  return Array.from(sql).slice(0, Math.max(0, character)).join('').length;
}
