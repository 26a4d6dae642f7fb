/** What each statement of a trial did: its time and rows, what it locked, and which files it wrote anew. */
import type { OnlookedFile, Onlooker, RanStatements, RefusedStatement } from '../apply/job';
import type { Session } from '../database/session';
import { lockModes } from '../sql/lockModes';
import { shapeOf } from '../sql/parse';
import type { Statement } from '../sql/statement';
import { tokensOf } from '../sql/tokens';
import { wordsOf } from '../sql/words';
import type { TriedMigration, TriedStatement } from '../trials';

/** Where scripts are run in turn. */
export interface Watch extends Onlooker {
  /** In the order in which they ran. */
  readonly migrations: readonly TriedMigration[];
  readonly refusal: RefusedOnCopy | undefined;
}

export interface RefusedOnCopy extends RefusedStatement {
  /** With that of earlier scripts, where all run in one transaction. */
  readonly undone: readonly Statement[];
  /** As its session had them, from its tool or from what it was told before. */
  readonly searchPath: string;
  readonly role: string;
}

interface Growing extends Omit<TriedMigration, 'statements' | 'ms'> {
  ms: number;
  readonly statements: TriedStatement[];
}

/**
 * Asks the session right behind a statement, inside its transaction where it has one: without savepoints, which would
 * change what the script does.
 */
export function watch(): Watch {
  const migrations: Growing[] = [];
  let files: Files | undefined;
  /** Object ids of what was there before the script: nobody waits for what it makes itself. */
  let former: ReadonlySet<number> = new Set();
  let held: ReadonlySet<string> = new Set();
  /** Of statements behind which nothing was asked. */
  let told: readonly Locked[] = [];
  /** Of the scripts before this one, in the transaction that is open. */
  let earlier: readonly Statement[] = [];
  let ran: Statement[] = [];
  let refusal: RefusedOnCopy | undefined;
  return {
    migrations,
    get refusal() {
      return refusal;
    },
    async begins(session, { migration, path }: OnlookedFile) {
      // Between scripts the history may have emptied its own table.
      files = await filesOf(session);
      former = new Set([...files.values()].map(({ oid }) => oid));
      earlier = session.transaction === 'idle' ? [] : [...earlier, ...ran];
      ran = [];
      if (migrations.at(-1)?.path === path) return;
      migrations.push({ version: migration.version, title: migration.title, path, ms: 0, statements: [] });
    },
    async refused(session, { statement, undone }) {
      const [settings] = await session.rows<Pick<RefusedOnCopy, 'searchPath' | 'role'>>(
        `select pg_catalog.current_setting('search_path') as "searchPath", pg_catalog.current_setting('role') as role`,
      );
      if (settings) refusal = { statement, undone: [...earlier, ...undone], ...settings };
    },
    ranByTool(all) {
      for (const { migration, path, ms, statements } of all)
        migrations.push({
          version: migration.version,
          title: migration.title,
          path,
          byTool: true,
          ms,
          statements: statements.map((it) => ({
            ...it,
            locks: strongest(locksByGrammar({ text: it.sql })),
            rewrites: [],
          })),
        });
    },
    async ran(session, { statements, answer, ms }: RanStatements) {
      const migration = migrations.at(-1);
      const [first] = statements;
      if (!migration || !first) return;
      migration.ms += ms;
      ran.push(...statements);
      const isOpen = session.transaction === 'open';
      const before: Files = files ?? new Map<string, FileOf>();
      const isAsked = statements.length > 1 || !isQuiet(first);
      if (isAsked) files = await filesOf(session);
      const all = isOpen && isAsked ? await locksOf(session) : undefined;
      const named = files ?? before;
      const needed = statements.flatMap(locksByGrammar).map((it) => ({ ...it, object: fullName(it.object, named) }));
      const isNew = (it: Locked): boolean => !held.has(it.key) && !told.some((lock) => isSame(lock, it));
      const locks = all ? all.filter((it) => isNew(it) || needed.some((lock) => isSame(lock, it))) : needed;
      if (all) held = new Set(all.map(({ key }) => key));
      told = isOpen && !all ? [...told, ...needed] : [];
      const isOwn = ({ object }: Locked): boolean => {
        const found = named.get(object) ?? before.get(object);
        return found !== undefined && !former.has(found.oid);
      };
      migration.statements.push({
        range: { start: first.range.start, end: (statements.at(-1) ?? first).range.end },
        sql: first.text,
        ms,
        rows: answer.commands.findLast(({ rows }) => rows !== null)?.rows ?? null,
        locks: strongest(locks.filter((it) => !isOwn(it))),
        rewrites: isAsked ? writtenAnew(before, files ?? before) : [],
      });
    },
  };
}

/**
 * It writes no file anew, and what it locks its words tell; and a transaction whose isolation is still to be set must not
 * be asked anything (`SET TRANSACTION` in the documentation).
 */
const isQuiet = ({ text }: Statement): boolean =>
  quiet.has(wordsOf(tokensOf(text.slice(0, enough))).all.split(' ', 1)[0] ?? '');

const enough = 200;
const quiet: ReadonlySet<string> = new Set([
  ...['insert', 'update', 'delete', 'merge', 'copy', 'values', 'set', 'reset', 'show'],
  ...['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'prepare', 'discard', 'notify'],
]);

/** By names: an index that is built anew is another object afterwards. */
type Files = ReadonlyMap<string, FileOf>;

interface FileOf {
  readonly oid: number;
  /** Its number; null of what has none that a statement could write anew. */
  readonly file: number | null;
}

async function filesOf(session: Session): Promise<Files> {
  const rows = await session.rows<FileOf & { name: string }>(
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, c.oid::int8::float8 as oid,
       case when c.relkind in ('r', 'i', 'm') then pg_catalog.pg_relation_filenode(c.oid)::int8::float8 end as file
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.oid >= 16384 and c.relkind in ('r', 'i', 'm', 'p', 'v', 'S', 'f') and n.nspname <> 'pg_toast' and c.relpersistence <> 't'
     order by 1`,
  );
  return new Map(rows.map(({ name, ...it }) => [name, it]));
}

/** What was not there before is no concern of anybody. */
const writtenAnew = (before: Files, after: Files): readonly string[] =>
  [...after].flatMap(([name, { file }]) => (before.has(name) && before.get(name)?.file !== file ? [name] : []));

interface Locked {
  readonly mode: string;
  readonly object: string;
  /** Another one in another transaction. */
  readonly key: string;
}

/** Readers keep nobody but who alters the table, and marks of a serializable transaction keep nobody at all. */
const reading = ['AccessShareLock', 'SIReadLock'];

async function locksOf(session: Session): Promise<readonly Locked[]> {
  const rows = await session.rows<{ mode: string; object: string; transaction: string }>(
    `select l.mode, pg_catalog.format('%I.%I', n.nspname, c.relname) as object, l.virtualtransaction as transaction
     from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.mode <> all ($1)
       and c.oid >= 16384 and n.nspname <> 'pg_toast' and c.relkind not in ('i', 'I')
       and c.relpersistence <> 't' order by 2, 1`,
    [reading],
  );
  return rows.map(({ mode, object, transaction }) => ({
    mode: inWords(mode),
    object,
    key: `${transaction} ${mode} ${object}`,
  }));
}

/** `AccessExclusiveLock` → `ACCESS EXCLUSIVE`, as the documentation has it. */
const inWords = (mode: string): string =>
  mode
    .replace(/Lock$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();

/** Where the locks are gone when the statement has ended. */
const locksByGrammar = ({ text }: Pick<Statement, 'text'>): readonly Locked[] =>
  shapeOf(text)
    .locks.filter(({ mode }) => mode !== 'ACCESS SHARE')
    .map(({ mode, schema, name }) => ({ mode, object: schema === undefined ? name : `${schema}.${name}`, key: '' }));

const isSame = (a: Locked, b: Locked): boolean => a.mode === b.mode && a.object === b.object;

/** With its schema, where only one has something of that name. */
function fullName(object: string, files: Files): string {
  if (files.has(object)) return object;
  const [name, ...others] = [...files.keys()].filter((it) => it.endsWith(`.${object}`));
  return name !== undefined && others.length === 0 ? name : object;
}

/** Whoever waits for one lock on a table waits for the strongest. */
const strongest = (locks: readonly Locked[]): TriedStatement['locks'] =>
  locks
    .filter((it) => !locks.some((other) => other.object === it.object && strengthOf(other) > strengthOf(it)))
    .filter((it, i, left) => left.findIndex(({ object }) => object === it.object) === i)
    .map(({ mode, object }) => ({ mode, object }));

const strengthOf = ({ mode }: Locked): number => lockModes.findIndex((it) => it === mode);
