/** How things stand after a recovery: what the target holds, and whatever should not be there. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { recoverApplies } from '../../../server/engine/apply/recover';
import { Fault } from '../../../server/engine/base/fault';
import { quoteIdentifier } from '../../../server/engine/database/quote';
import { snapshotPrefix, trialPrefix } from '../../../server/engine/snapshots/names';
import { recoverSnapshots } from '../../../server/engine/snapshots/recover';
import { listSnapshots } from '../../../server/engine/snapshots/snapshots';
import type { MortalServer } from '../../support/mortal';
import { nothing, type Operation, type Scene } from './operations';
import { observer, rowsOf } from './place';

/** Rows by table, as one text for each. */
export type Content = Readonly<Record<string, string>>;

/** Sequences of tables, columns and rows: what a user would miss. */
export async function contentOf(server: MortalServer, database: string): Promise<Content> {
  const tables = await rowsOf<{ name: string; columns: string; row: string }>(
    server,
    database,
    `select c.oid::regclass::text as name, string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) as columns,
       -- When a tool has recorded a migration is another time in each run.
       'row(' || coalesce(string_agg(quote_ident(attname), ', ' order by attnum) filter (where atttypid::regtype::text !~ '^timestamp'), '') || ')' as row
     from pg_class c left join pg_attribute a on a.attrelid = c.oid and attnum > 0 and not attisdropped
     where relkind = 'r' and relnamespace = 'public'::regnamespace group by c.oid`,
  );
  const content: Record<string, string> = {};
  for (const { name, columns, row: values } of tables) {
    const [row] = await rowsOf<{ digest: string }>(
      server,
      database,
      `select md5(coalesce(string_agg(${values}::text, e'\\n' order by ${values}::text), '')) as digest from ${name}`,
    );
    content[name] = `${columns}: ${row?.digest}`;
  }
  return content;
}

export const isSame = (one: Content, other: Content): boolean =>
  Object.keys({ ...one, ...other }).every((table) => one[table] === other[table]);

/** @returns the last step of each journal that is there, as `topic step` */
export function stepsIn(storage: string, read: (path: string) => string): readonly string[] {
  return journals(storage).map((name) => {
    const last = /"step":"(\w+)"[^\n]*\n?$/.exec(read(join(storage, 'journal', name)))?.[1];
    return `${name.slice(0, name.indexOf('-'))} ${last ?? 'begun'}`;
  });
}

export function journals(storage: string): readonly string[] {
  try {
    return readdirSync(join(storage, 'journal'));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  }
}

/** Longer than a session of the killed process takes to notice. */
const patienceMs = 60_000;

/** As the next start does, and again as long as something of the former one is still at work. @returns what was told */
export async function recovered({ job = nothing }: Operation, scene: Scene): Promise<readonly string[]> {
  const told: string[] = [];
  const end = performance.now() + patienceMs;
  do {
    try {
      told.push(...(await recoverSnapshots(scene.target, scene.around)));
      told.push(...(await recoverApplies(job(scene))));
      if (journals(scene.around.storage).length === 0) break;
    } catch (cause) {
      if (!(cause instanceof Fault) || !passing.has(cause.code)) throw cause;
    }
    await delay(50);
  } while (performance.now() < end);
  return told;
}

const passing: ReadonlySet<string> = new Set(['no-server', 'connection-lost', 'locked', 'busy']);

export interface Expected {
  /** When the target was new: what a snapshot holds that was there before. */
  readonly first: Content;
  readonly before: Content;
  readonly after: Content;
  readonly between: readonly (readonly string[])[];
}

/** @returns what should not be so, a sentence each */
export async function violationsIn(server: MortalServer, scene: Scene, expected: Expected): Promise<readonly string[]> {
  const { target, around } = scene;
  const { name } = target.database;
  const found: string[] = [];
  if (journals(around.storage).length > 0) found.push('the journal is not empty');
  const listed = await listSnapshots(target, around);
  const copies = listed.filter(({ kind }) => kind === 'copy').map(({ id }) => id);
  const there = await rowsOf<{ datname: string; open: boolean }>(
    server,
    'postgres',
    `select datname, datallowconn as open from pg_database where datname = $1 or starts_with(datname, $2) or starts_with(datname, $3)`,
    [name, `${snapshotPrefix}${name}`, `${trialPrefix}${name}`],
  );
  const databases = there.map(({ datname }) => datname).filter((it) => it !== name);
  if (JSON.stringify(databases.toSorted()) !== JSON.stringify(copies.toSorted()))
    found.push(`the server has ${databases.join(', ') || 'no copy'}, and the list ${copies.join(', ') || 'none'}`);
  if (there.some((it) => it.open !== (it.datname === name))) found.push('a snapshot is open, or the target shut');
  for (const copy of copies.filter((it) => databases.includes(it))) {
    const held = await insideOf(server, copy);
    const { first, before, after } = expected;
    if (![first, before, after].some((it) => isSame(withoutHistory(it), withoutHistory(held))))
      found.push(`the snapshot ${copy} holds neither what was before nor what was after`);
  }
  return [...found, ...(await leftovers(server, name))];
}

/** The ledger is in all of them; a history may be made by the tool's first look. */
export const withoutHistory = (content: Content): Content =>
  Object.fromEntries(Object.entries(content).filter(([table]) => !histories.has(table)));

const histories: ReadonlySet<string> = new Set(['schema_migrations', 'rehearsal_migrations']);

async function insideOf(server: MortalServer, copy: string): Promise<Content> {
  const door = (open: boolean): Promise<unknown> =>
    rowsOf(server, 'postgres', `alter database ${quoteIdentifier(copy)} allow_connections ${open}`);
  await door(true);
  try {
    return await contentOf(server, copy);
  } finally {
    await door(false);
  }
}

/** Sessions, locks and prepared transactions that nobody will end. */
async function leftovers(server: MortalServer, name: string): Promise<readonly string[]> {
  const end = performance.now() + patienceMs / 4;
  for (;;) {
    const left = await rowsOf<{ what: string }>(
      server,
      'postgres',
      `select 'a session: ' || coalesce(query, '') as what from pg_stat_activity
         where backend_type = 'client backend' and application_name <> $1 and (datname = $2 or application_name = 'rehearsal')
       union all select 'a lock: ' || locktype || ' ' || mode from pg_locks where locktype = 'advisory'
       union all select 'a prepared transaction' from pg_prepared_xacts`,
      [observer, name],
    );
    if (left.length === 0) return [];
    if (performance.now() > end) return left.map(({ what }) => `left over: ${what}`);
    await delay(50);
  }
}
