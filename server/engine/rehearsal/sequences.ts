/**
 * Sequences are not taken back by a rollback. Without this a script that inserts rows and then speaks of their numbers
 * would be refused from its second rehearsal on.
 */
import { Fault } from '../base/fault';
import { askedAside, aside, asOurselves } from '../database/aside';
import { ownName } from '../database/ownNames';
import { faultCodeOf, notPrepared } from '../database/refusedFault';
import type { Answer, Session, TextRow } from '../database/session';
import type { Shadow } from '../shadow/place';
import type { Step } from './run';

/** What is known of the sequences of a shadow's committed state; read when it is first needed. */
export interface SequenceMemo {
  values?: readonly Sequence[];
}

export interface Sequence {
  readonly id: number;
  readonly last: string;
  readonly called: boolean;
  /** What it begins with. */
  readonly start: string;
  /** The transaction has the lock of who takes a number. */
  readonly taken: boolean;
}

/**
 * Whether a step may run code that takes numbers from a sequence, or begins one anew. Event triggers that do, and checks,
 * are not thought of.
 */
export const mayUseSequences = ({ statement, shape }: Step): boolean =>
  /nextval|setval|restart/i.test(statement.text) ||
  (quiet.test(shape.node) ? fillsRows(shape, statement.text) : !isEmptySelect(shape));

/** A new column is filled, a converted one and an index are computed. */
const fillsRows = ({ node, calls }: Step['shape'], text: string): boolean =>
  ['AlterTableStmt', 'IndexStmt'].includes(node) && (calls.size > 0 || /serial|identity/i.test(text));

/** Nothing is called or read that could hold a function. */
const isEmptySelect = ({ node, calls }: Step['shape']): boolean => node === 'SelectStmt' && calls.size === 0;

const quiet =
  /^(?:Create(?!TableAs)|Alter|Drop|Comment|Rename|Grant|Index|Define|View|Rule|CompositeType|Transaction|VariableSet)/;

/** Runs `use`, which takes back what it does, and sets all sequences to what they were. Not in a transaction. */
export async function keepingSequences<T>(
  { session, startOver }: Pick<Shadow, 'session' | 'startOver'>,
  memo: SequenceMemo,
  steps: readonly Step[],
  use: () => Promise<T>,
): Promise<T> {
  if (!steps.some(mayUseSequences)) return use();
  memo.values ??= await committedSequences({ session, startOver });
  try {
    return await use();
  } finally {
    if (!session.lost && memo.values.length > 0) {
      await session.run(asOurselves(session));
      await putBackSequences(session, memo.values, await sequencesOf(session, every));
    }
  }
}

/** All of them. Not in a transaction. */
export async function committedSequences({
  session,
  startOver,
}: Pick<Shadow, 'session' | 'startOver'>): Promise<readonly Sequence[]> {
  await session.run(asOurselves(session));
  const values = await sequencesOf(session, every);
  await startOver(session);
  return values;
}

/**
 * Those that the transaction has had to do with, as they are now, whatever role the script has taken on; leaves no
 * trace. Who takes a number keeps a lock on the sequence to the end of the transaction, also after a ROLLBACK TO
 * (`lock_and_open_sequence` in Postgres's `commands/sequence.c`).
 *
 * @param ahead as of `askedAside`
 */
export async function readSequences(session: Session, ahead: readonly string[] = []): Promise<readonly Sequence[]> {
  const rows = await lockedRows(session, ahead);
  const [query] = rows[0] ?? [];
  if (hasSequenceData(session)) return rows.map(sequenceIn);
  return query ? (await rowsAside(session, [asOurselves(session), query])).map(sequenceIn) : [];
}

const preparedName = ownName('sequences');

/** The query is prepared, which costs a session once what it would cost each time; a script may have forgotten it. */
async function lockedRows(session: Session, ahead: readonly string[]): Promise<readonly TextRow[]> {
  const query = `execute ${preparedName}`;
  const answer = await askedAside(session, [asOurselves(session), query], ahead);
  if (answer?.kind === 'refused' && answer.refusal.sqlState === notPrepared)
    return rowsAside(session, [asOurselves(session), `prepare ${preparedName} as ${valuesOf(session, locked)}`, query]);
  return rowsIn(answer);
}

const rowsAside = async (session: Session, questions: readonly string[]): Promise<readonly TextRow[]> =>
  rowsIn(await askedAside(session, questions));

/** None where there was nobody to ask. */
function rowsIn(answer: Answer | undefined): readonly TextRow[] {
  if (answer?.kind === 'refused')
    throw new Fault(faultCodeOf(answer.refusal.sqlState), `${answer.refusal.message} (${answer.refusal.sqlState}).`);
  return answer?.rows ?? [];
}

/** In the order of the columns that `valuesOf` asks for. */
const sequenceIn = ([id, last, called, start, taken]: TextRow): Sequence => ({
  id: Number(id),
  last: last ?? '',
  called: called === 't',
  start: start ?? '',
  taken: taken === 't',
});

/**
 * A rollback does not take that back.
 *
 * @param wanted of the same sequence the last one counts; others begin at their start
 * @param now those that may differ; of the same one the last counts
 */
export async function putBackSequences(
  session: Session,
  wanted: readonly Sequence[],
  now: readonly Sequence[],
): Promise<void> {
  const byId = new Map(wanted.map((it) => [it.id, it]));
  const last = new Map(now.map((it) => [it.id, it]));
  const other = [...last.values()].flatMap((it) => {
    // One that nobody had taken a number from is not told of: the transaction itself has made it.
    const former = byId.get(it.id) ?? { ...it, last: it.start, called: false };
    return former.last === it.last && former.called === it.called ? [] : [former];
  });
  if (other.length > 0) await aside(session, () => putBack(session, other), [asOurselves(session)]);
}

/** Whether one of them is locked for its numbers that was not when the others were read. */
export const holdsMore = (now: readonly Sequence[], then: readonly Sequence[]): boolean => {
  const known = new Set(then.filter(({ taken }) => taken).map(({ id }) => id));
  return now.some(({ id, taken }) => taken && !known.has(id));
};

const every = '(select seqrelid, seqstart, false as taken from pg_catalog.pg_sequence) as every';

const locked = `(
  select seqrelid, seqstart, pg_catalog.bool_or(l.mode = 'RowExclusiveLock') as taken
    from pg_catalog.pg_lock_status() l join pg_catalog.pg_sequence on seqrelid = l.relation
   where l.pid = pg_catalog.pg_backend_pid() group by seqrelid, seqstart offset 0) as mine`;

async function sequencesOf(session: Session, which: string): Promise<readonly Sequence[]> {
  if (hasSequenceData(session)) return session.rows<Sequence>(valuesOf(session, which));
  const [row] = await session.rows<{ query: string | null }>(valuesOf(session, which));
  return row?.query ? session.rows<Sequence>(row.query) : [];
}

/** Many times faster than to select from each. */
const hasSequenceData = ({ server }: Session): boolean => server.versionNumber >= 180_000;

/**
 * @param which with `seqrelid`, `seqstart` and `taken`
 * @returns asks for the columns of Sequence, or before version 18 for the query that asks for them
 */
function valuesOf(session: Session, which: string): string {
  const accessible = `select seqrelid, seqstart, taken from ${which}
    where pg_catalog.has_sequence_privilege(seqrelid, 'select') and pg_catalog.has_sequence_privilege(seqrelid, 'update')`;
  return hasSequenceData(session)
    ? `select seqrelid as id, last_value::text as last, is_called as called, seqstart::text as start, taken
         from (${accessible} offset 0) as it, pg_catalog.pg_get_sequence_data(seqrelid)`
    : `select pg_catalog.string_agg(pg_catalog.format(
              'select %s as id, last_value::text as last, is_called as called, %L as start, %L::boolean as taken from %s', seqrelid, seqstart, taken, seqrelid::regclass
            ), ' union all ') as query
       from (${accessible}) as it`;
}

async function putBack(session: Session, values: readonly Sequence[]): Promise<void> {
  await session.rows(
    `select pg_catalog.setval(id::regclass, last, called)
       from pg_catalog.json_to_recordset($1::json) as kept(id oid, last bigint, called boolean)
       join pg_catalog.pg_sequence on seqrelid = id`,
    [JSON.stringify(values)],
  );
}
