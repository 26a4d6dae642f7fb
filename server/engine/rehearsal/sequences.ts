/**
 * Sequences are not taken back by a rollback. Without this a script that inserts rows and then speaks of their numbers
 * would be refused from its second rehearsal on.
 */
import { aside, asOurselves } from '../database/aside';
import type { Session } from '../database/session';
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
}

/** Whether a step may run code that takes numbers from a sequence. Event triggers that do are not thought of. */
export const mayUseSequences = ({ statement, shape }: Step): boolean =>
  !(quiet.test(shape.node) || isEmptySelect(shape)) || /nextval|setval/i.test(statement.text);

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
  if (!memo.values) {
    await session.run(asOurselves(session));
    memo.values = await sequencesOf(session);
    await startOver(session);
  }
  try {
    return await use();
  } finally {
    if (!session.lost && memo.values.length > 0) {
      const all = steps.some(({ statement }) => /setval/i.test(statement.text));
      await session.run(asOurselves(session));
      await putBack(session, memo.values, all);
    }
  }
}

/** In an open transaction, whatever role the script has taken on; leaves no trace. */
export async function readSequences(session: Session): Promise<readonly Sequence[]> {
  return (await aside(session, () => sequencesOf(session), [asOurselves(session)])) ?? [];
}

/** Sets those that are still there to what they were. A rollback does not take that back. */
export async function putBackSequences(session: Session, values: readonly Sequence[]): Promise<void> {
  await aside(session, () => putBack(session, values, true), [asOurselves(session)]);
}

async function sequencesOf(session: Session): Promise<readonly Sequence[]> {
  if (session.server.versionNumber >= 180_000) return session.rows<Sequence>(byFunction);
  const [row] = await session.rows<{ query: string | null }>(
    `select pg_catalog.string_agg(pg_catalog.format(
              'select %s as id, last_value::text as last, is_called as called from %s', seqrelid, seqrelid::regclass
            ), ' union all ') as query
       from pg_catalog.pg_sequence
      where pg_catalog.has_sequence_privilege(seqrelid, 'select')
        and pg_catalog.has_sequence_privilege(seqrelid, 'update')`,
  );
  return row?.query ? session.rows<Sequence>(row.query) : [];
}

/** Many times faster than to select from each. */
const byFunction = `
  select seqrelid as id, last_value::text as last, is_called as called
    from pg_catalog.pg_sequence, pg_catalog.pg_get_sequence_data(seqrelid)
   where pg_catalog.has_sequence_privilege(seqrelid, 'select')
     and pg_catalog.has_sequence_privilege(seqrelid, 'update')`;

/** @param all sets those too that do not look changed: the last value of one that was never called cannot be seen */
async function putBack(session: Session, values: readonly Sequence[], all: boolean): Promise<void> {
  await session.rows(
    `select pg_catalog.setval(id::regclass, last, called)
       from pg_catalog.json_to_recordset($1::json) as kept(id oid, last bigint, called boolean)
       join pg_catalog.pg_sequence on seqrelid = id
      where $2::boolean or pg_catalog.pg_sequence_last_value(id) is distinct from case when called then last end`,
    [JSON.stringify(values), all],
  );
}
