/**
 * What plain Postgres says: scripts are sent as their tool sends them, without savepoints, on a copy of the database in
 * the state before the migration; the first refusal is the answer.
 */
import { offsetOfCharacter } from '../../../server/engine/base/text';
import { plainParameters } from '../../../server/engine/database/parameters';
import { openSession } from '../../../server/engine/database/postgres';
import { quoteIdentifier } from '../../../server/engine/database/quote';
import type { Answer, Refusal, Session } from '../../../server/engine/database/session';
import type { Piece, Script } from '../../../server/engine/layouts/layout';
import { statementsIn } from '../../../server/engine/layouts/statements';
import type { PrivateServer } from '../../../server/engine/shadow/privateServer';
import { inFile, sentOf } from '../../../server/engine/sql/places';
import type { Statement } from '../../../server/engine/sql/statement';

export type Verdict =
  | { readonly kind: 'accepted' }
  /** `statement` is undefined when it is the COMMIT that is refused. */
  | { readonly kind: 'refused'; readonly statement: Statement | undefined; readonly refusal: Refusal };

export interface Truth {
  /** Of these scripts in this state, which stays as it is. */
  judge(file: string, scripts: readonly Script[]): Promise<Verdict>;
  /** Runs them for good, and goes on in the state that they leave; what is refused is left out. */
  advance(file: string, scripts: readonly Script[]): Promise<Verdict>;
  /** Runs `use` on a copy of the state, which is thrown away. */
  onCopy<T>(use: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const copy = 'mutation_copy';

/** @param state the database in which the history is replayed */
export async function openTruth(server: PrivateServer, state: string): Promise<Truth> {
  const open = (database: string) => openSession(plainParameters({ ...server, database }));
  const admin = await open('postgres');
  const roles = async () =>
    (await admin.rows<{ name: string }>('select rolname as name from pg_roles')).map(({ name }) => name);
  let kept: Session | undefined;
  let known = await roles();

  /** Roles live outside of databases: those of a copy go with it. */
  async function dropCopy(): Promise<void> {
    await kept?.close();
    kept = undefined;
    await demand(admin, `drop database if exists ${copy} with (force)`);
    for (const name of await roles())
      if (!known.includes(name)) await demand(admin, `drop role ${quoteIdentifier(name)}`);
  }

  async function copied(): Promise<Session> {
    if (kept) return kept;
    await demand(admin, `create database ${copy} template ${state}`);
    return (kept = await open(copy));
  }

  async function onState<T>(use: (session: Session) => Promise<T>): Promise<T> {
    await dropCopy();
    const session = await open(state);
    try {
      return await use(session);
    } finally {
      await session.close();
      known = await roles();
    }
  }

  return {
    async judge(file, scripts) {
      const session = await copied();
      const before = await sequences(session);
      for (const [i, script] of scripts.entries()) {
        const verdict = await runScript(session, file, script);
        if (verdict.kind === 'accepted') continue;
        const undone = i === 0 && isUndone(file, script) && (await sequences(session)) === before;
        if (!undone) await dropCopy();
        return verdict;
      }
      await dropCopy();
      return { kind: 'accepted' };
    },
    advance: (file, scripts) =>
      onState(async (session) => {
        const verdicts: Verdict[] = [];
        for (const script of scripts) verdicts.push(await keepGood(session, file, script));
        return verdicts.find(({ kind }) => kind === 'refused') ?? { kind: 'accepted' };
      }),
    async onCopy(use) {
      try {
        return await use(await copied());
      } finally {
        await dropCopy();
      }
    },
    async close() {
      await kept?.close();
      await admin.close();
    },
  };
}

async function demand(session: Session, sql: string): Promise<void> {
  const answer = await session.run(sql);
  if (answer.kind === 'refused') throw new Error(`${sql.slice(0, 200)}: ${answer.refusal.message}`);
}

/** Whether a refusal leaves nothing of the script; a failed CREATE INDEX CONCURRENTLY leaves an index that is not valid. */
const isUndone = (file: string, { mode, range }: Script): boolean =>
  mode !== 'statements' && !/\b(?:commit|call|concurrently|stdin)\b/i.test(file.slice(range.start, range.end));

/** Rollbacks do not take them back: a copy on which one has moved is used no more. */
async function sequences(session: Session): Promise<string> {
  const [row] = await session.rows<{ all: string | null }>(
    `select string_agg(seqrelid || ' ' || coalesce(pg_sequence_last_value(seqrelid)::text, ''), ',' order by seqrelid) as all
       from pg_sequence`,
  );
  return row?.all ?? '';
}

const limit = { timeoutMs: 20_000 };

async function runScript(session: Session, file: string, script: Script): Promise<Verdict> {
  const statements = statementsIn(file, script);
  const alone = script.mode === 'statements' || statements.some(({ kind }) => kind === 'copyIn');
  const tooled = script.mode === 'transaction';
  if (tooled) await demand(session, 'begin');
  const verdict = script.pieces
    ? await runPieces(session, file, script)
    : alone
      ? await runEach(session, statements)
      : verdictOf(
          await session.run(file.slice(script.range.start, script.range.end), limit),
          file,
          script.range,
          statements,
        );
  if (session.transaction === 'idle') return verdict;
  const end = await session.run(tooled && verdict.kind === 'accepted' ? 'commit' : 'rollback', limit);
  if (verdict.kind === 'accepted' && end.kind === 'refused')
    return { kind: 'refused', statement: undefined, refusal: end.refusal };
  return verdict;
}

/** Message by message, as the tool cuts them. */
async function runPieces(session: Session, file: string, script: Script): Promise<Verdict> {
  const statements = statementsIn(file, script);
  for (const piece of script.pieces ?? []) {
    const answer = await session.run(sentOf(file, piece, piece.replaced), limit);
    const own = statements.filter(({ range }) => piece.start <= range.start && range.end <= piece.end);
    const verdict = verdictOf(answer, file, piece, own);
    if (verdict.kind === 'refused') return verdict;
  }
  return { kind: 'accepted' };
}

async function runEach(session: Session, statements: readonly Statement[]): Promise<Verdict> {
  for (const statement of statements) {
    if (statement.kind === 'psql') continue;
    const { text, copyData } = statement;
    const answer = await session.run(text, { ...limit, ...(copyData === undefined ? {} : { copyData }) });
    if (answer.kind === 'refused') return { kind: 'refused', statement, refusal: answer.refusal };
  }
  return { kind: 'accepted' };
}

/** One message: Postgres tells how many of its statements were done, or at which character it cannot be read. */
function verdictOf(answer: Answer, file: string, piece: Piece, statements: readonly Statement[]): Verdict {
  if (answer.kind === 'done') return { kind: 'accepted' };
  const { refusal, completed } = answer;
  const { character } = refusal;
  if (character === undefined) return { kind: 'refused', statement: statements[completed], refusal };
  const at = offsetOfCharacter(sentOf(file, piece, piece.replaced), character);
  const { start: offset } = inFile({ start: at, end: at }, { ...piece, range: piece });
  const statement = statements.findLast((it) => it.range.start <= offset) ?? statements[0];
  return { kind: 'refused', statement, refusal: { ...refusal, character: offset } };
}

async function keepGood(session: Session, file: string, script: Script): Promise<Verdict> {
  const verdict = await runScript(session, file, script);
  if (verdict.kind === 'accepted') return verdict;
  const together = script.mode !== 'statements';
  if (together) await demand(session, 'begin');
  for (const { kind, text, copyData } of statementsIn(file, script)) {
    if (kind === 'psql') continue;
    if (together) await demand(session, 'savepoint before');
    const answer = await session.run(text, { ...limit, ...(copyData === undefined ? {} : { copyData }) });
    if (together && answer.kind === 'refused') await demand(session, 'rollback to before');
  }
  if (session.transaction !== 'idle') await session.run('commit');
  return verdict;
}
