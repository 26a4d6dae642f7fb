/**
 * What a statement changes in the catalogs, as text. Dear, and so only for who asks: the statement is run once more.
 */
import { Fault } from '../../base/fault';
import type { Session } from '../../database/session';
import { type Description, describe } from './describe';
import type { Observation, ObjectName } from './observation';

/**
 * Runs the statement under a savepoint, takes it back, and tells the lines that come (`+ `) and go (`- `) for each object
 * that it touches, under a heading of its own.
 *
 * @param session in a transaction, just before the statement; it is left there, and holds no more locks than before
 * @param observation of the statement, which names the objects
 * @throws {Fault} `refused` when the statement is refused now
 */
export async function explainChanges(session: Session, sql: string, observation: Observation): Promise<string> {
  const { created, altered, dropped } = observation;
  const subjects = [
    ...new Map([...dropped, ...altered, ...created].flatMap(subjectsOf).map((it) => [key(it), it])).values(),
  ];
  await demand(session, 'savepoint rehearsal_explain');
  try {
    const before = await describeAll(session, subjects);
    await demand(session, sql);
    const after = await describeAll(session, subjects);
    return subjects.map((it) => differenceOf(it, before.get(key(it)) ?? [], after.get(key(it)) ?? [])).join('');
  } finally {
    if (!session.lost)
      await demand(session, 'rollback to savepoint rehearsal_explain; release savepoint rehearsal_explain');
  }
}

const key = ({ kind, identity }: Description): string => `${kind} ${identity}`;

async function describeAll(
  session: Session,
  subjects: readonly Description[],
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const subject of subjects) found.set(key(subject), await describe(session, subject));
  return found;
}

async function demand(session: Session, sql: string): Promise<void> {
  const answer = await session.run(sql);
  if (answer.kind === 'refused') throw new Fault('refused', `${answer.refusal.message} (${answer.refusal.sqlState}).`);
}

/** The whole object that a part belongs to: a column, a policy, a trigger. Nothing for what has no description here. */
function subjectsOf({ kind, identity }: ObjectName): Description[] {
  const owner = / on (\S.*)$/.exec(identity)?.[1];
  if (owner !== undefined && kind !== 'cast') return [{ kind: 'relation', identity: owner }];
  if (kind.endsWith('column'))
    return [{ kind: 'relation', identity: identity.replace(/\.(?:"(?:[^"]|"")*"|[^."]+)$/, '') }];
  if (/table$|view$|^index$|^sequence$/.test(kind)) return [{ kind: 'relation', identity }];
  if (['function', 'procedure'].includes(kind)) return [{ kind: 'routine', identity }];
  return kind === 'type' || kind === 'domain' ? [{ kind: 'type', identity }] : [];
}

/** Nothing where nothing differs. */
function differenceOf({ identity }: Description, before: readonly string[], after: readonly string[]): string {
  const [gone, come] = [without(before, after), without(after, before)];
  if (gone.length + come.length === 0) return '';
  return [identity, ...gone.map((it) => `- ${it}`), ...come.map((it) => `+ ${it}`), ''].join('\n');
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return lines.filter((it) => !known.has(it));
}
