/**
 * A target that is closed to all connections for a while. Its comment says so meanwhile, so that whoever comes by after
 * the process was killed can open it: with another spelling of the host, another role, from another machine.
 */
import { Fault } from '../base/fault';
import { fieldsOf, jsonIn } from '../base/json';
import { givingUp } from '../database/givingUp';
import type { Session } from '../database/session';
import { isNoWayIn, withMaintenance } from './maintenance';
import { type DatabaseFacts, factsOf } from './properties';
import { admissionStatement, commentStatement, must } from './statements';
import type { ServerTarget, Surroundings } from './target';

/** Plain JSON; the comment on the database as long as it is closed. */
interface Closing {
  readonly rehearsal: 'closed';
  readonly for: 'trial' | 'restore';
  /** ISO 8601. */
  readonly begun: string;
  /** The database's own comment. */
  readonly comment: string | null;
}

/** Sessions that are in it stay. */
export async function closeTarget(
  worker: Session,
  { database: { name } }: ServerTarget,
  { comment }: DatabaseFacts,
  work: Closing['for'],
  { now }: Pick<Surroundings, 'now'>,
): Promise<void> {
  const closing: Closing = { rehearsal: 'closed', for: work, begun: now().toISOString(), comment };
  await must(worker, bothOrNone(commentStatement(name, JSON.stringify(closing)), admissionStatement(name, 'nobody')));
}

/** @returns false where another database bears its name by now, which was open from the first moment */
export async function reopenTarget(
  worker: Session,
  { database: { name } }: ServerTarget,
  oid: number,
): Promise<boolean> {
  const facts = await factsOf(worker, name);
  if (facts?.oid !== oid) return false;
  const closing = closingIn(facts.comment);
  const comment = closing ? [commentStatement(name, closing.comment)] : [];
  await must(worker, bothOrNone(...comment, admissionStatement(name, 'all')));
  return true;
}

/** Several statements in one message are one transaction. */
const bothOrNone = (...statements: readonly string[]): string => statements.join('; ');

/**
 * Opens a target that takes no connections, where a process of ours was cut off that had closed it.
 *
 * @param mayWrite false for who wants no more than to be told
 * @returns what was done, for people; undefined when it was not we who closed it, or nobody lets us look
 * @throws {Fault} `locked` while that work is going on; `closed` when somebody else has to open it
 */
export async function openAgain(
  target: ServerTarget,
  signal: AbortSignal,
  mayWrite: boolean,
): Promise<string | undefined> {
  try {
    return await withMaintenance(target, signal, ({ worker }) =>
      givingUp(worker, signal, () => openOn(worker, target, mayWrite)),
    );
  } catch (cause) {
    if (isNoWayIn(cause)) return undefined;
    throw cause;
  }
}

async function openOn(worker: Session, target: ServerTarget, mayWrite: boolean): Promise<string | undefined> {
  const { label, name } = target.database;
  const facts = await factsOf(worker, name);
  const closing = closingIn(facts?.comment);
  if (!facts || !closing) return undefined;
  const what = `A ${closing.for} on ${label} that began at ${closing.begun} was cut off`;
  if (mayWrite && (await isOwner(worker, name))) {
    await reopenTarget(worker, target, facts.oid);
    return `${what}. ${name} can be connected to again.`;
  }
  const whyNot = mayWrite ? `${worker.server.user} may not open it` : 'this environment is only read';
  throw new Fault(
    'closed',
    `${what} while it was closed; ${whyNot}. The next command of its owner ${facts.owner} or of a superuser opens it, as does their ${admissionStatement(name, 'all')}.`,
  );
}

/** Whether the role has the rights of the owner of that database, and so those to what was made of it. */
export async function isOwner(session: Session, database: string): Promise<boolean> {
  const [row] = await session.rows<{ may: boolean }>(
    `select pg_catalog.pg_has_role(datdba, 'USAGE') as may from pg_catalog.pg_database where datname = $1`,
    [database],
  );
  return row?.may === true;
}

/** @returns undefined when it says nothing of the kind */
function closingIn(comment: string | null | undefined): Closing | undefined {
  const value = jsonIn(comment ?? '');
  return isClosing(value) ? value : undefined;
}

function isClosing(value: unknown): value is Closing {
  const fields = fieldsOf(value);
  return (
    fields.get('rehearsal') === 'closed' &&
    ['trial', 'restore'].some((it) => it === fields.get('for')) &&
    typeof fields.get('begun') === 'string' &&
    (fields.get('comment') === null || typeof fields.get('comment') === 'string')
  );
}
