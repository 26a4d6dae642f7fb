/**
 * Sequences are not taken back by a rollback. Without this a script that inserts rows and then speaks of their numbers
 * would be refused from its second rehearsal on.
 */
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import type { Shadow } from '../shadow/place';
import type { Step } from './run';

/** What is known of the sequences of a shadow's committed state; read when it is first needed. */
export interface SequenceMemo {
  values?: readonly Sequence[];
}

interface Sequence {
  readonly id: number;
  readonly last: string;
  readonly called: boolean;
}

/** Whether a step may run code that takes numbers from a sequence. Event triggers that do are not thought of. */
const mayUseSequences = ({ statement, shape }: Step): boolean =>
  !quiet.test(shape.node) || /nextval|setval/i.test(statement.text);

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
    memo.values = await readSequences(session);
    await startOver(session);
  }
  try {
    return await use();
  } finally {
    if (!session.lost && memo.values.length > 0)
      await putBack(
        session,
        memo.values,
        steps.some(({ statement }) => /setval/i.test(statement.text)),
      );
  }
}

/** The role that the rehearsal runs as may not see all of them; who has logged in may. */
const asOurselves = ({ server }: Session): string => `set session authorization ${quoteIdentifier(server.user)}`;

async function readSequences(session: Session): Promise<readonly Sequence[]> {
  await session.run(asOurselves(session));
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

/** @param all sets those too that do not look changed: the last value of one that was never called cannot be seen */
async function putBack(session: Session, values: readonly Sequence[], all: boolean): Promise<void> {
  await session.run(asOurselves(session));
  await session.rows(
    `select pg_catalog.setval(id::regclass, last, called)
       from pg_catalog.json_to_recordset($1::json) as kept(id oid, last bigint, called boolean)
      where $2::boolean or pg_catalog.pg_sequence_last_value(id) is distinct from case when called then last end`,
    [JSON.stringify(values), all],
  );
}
