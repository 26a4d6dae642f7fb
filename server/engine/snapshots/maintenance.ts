/** Two sessions beside the target, for what cannot be done from within it, and one piece of such work at a time. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault, type FaultCode } from '../base/fault';
import { givingUp } from '../database/givingUp';
import { interruptible } from '../database/interruptible';
import { onSession } from '../database/onSession';
import { serverIdentity } from '../database/serverIdentity';
import type { Answer, Session } from '../database/session';
import { type OtherSession, endSessions, othersIn, othersStaying } from './sessions';
import { longestLockMs, must } from './statements';
import type { ServerTarget } from './target';

/** Databases that nearly every server has; the target itself is no place to copy or rename it from. */
const places = ['postgres', 'template1'];

/** How often it is looked whether somebody is still in the way. */
const lookAgainMs = 10;

/**
 * What a role or a database sets is meant for their work. Ours takes as long as it takes, and may be idle on the way; and
 * in a database that everybody may enter, somebody may have put what is his before what is built in.
 */
const ownSettings = `set search_path = pg_catalog;
  select set_config(name, '0', false) from pg_settings where name in
    ('statement_timeout', 'transaction_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout')`;

export interface Maintenance {
  /** Does the work, and holds the lock that says that work on this target is going on. */
  readonly worker: Session;
  /** Looks on, and ends sessions that the worker waits for. */
  readonly watcher: Session;
  /** Undefined where the role may not know. */
  readonly server: string | undefined;
}

/**
 * Runs `use` with sessions that are closed afterwards, alone among all processes that ask for the same target.
 *
 * @param signal gives up waiting for the server; what `use` does with it is its own affair
 * @throws {Fault} `locked` when another process is at work on a snapshot or a trial of it; as Database.open
 */
export function withMaintenance<T>(
  target: ServerTarget,
  signal: AbortSignal,
  use: (it: Maintenance) => Promise<T>,
): Promise<T> {
  return onSession(openBeside(target, signal), (worker) =>
    onSession(target.sibling(worker.server.database).open('read', signal), async (watcher) => {
      const server = await givingUp(worker, signal, async () => {
        for (const session of [worker, watcher]) await must(session, ownSettings);
        await lock(worker, target);
        await must(worker, `set lock_timeout = ${longestLockMs}`);
        return serverIdentity(worker);
      });
      return use({ worker, watcher, server });
    }),
  );
}

/**
 * Runs what Postgres carries out only while nobody is in the databases.
 *
 * Postgres first takes its lock, so that newcomers wait at the door, and then gives those inside five seconds to go
 * (CountOtherDBBackends). They are ended in that time, so nothing has to be closed to connections and opened again.
 *
 * @returns the sessions in the way when they may not be ended or do not go; else what Postgres answered
 * @throws {Fault} `no-right` when a session may not be ended by us; the signal's reason when it came
 */
export async function aloneIn(
  { worker, watcher }: Maintenance,
  { databases, disconnect, signal }: Wish,
  sql: string,
): Promise<Alone> {
  const others = disconnect ? [] : await othersStaying(watcher, databases);
  if (others.length > 0) return { kind: 'busy', says: others.map(({ says }) => says) };
  const answer = await interruptible(worker, signal, () => clearing(worker, watcher, databases, disconnect, sql));
  if (answer.kind === 'done') return answer;
  signal.throwIfAborted();
  if (answer.refusal.sqlState !== objectInUse) return answer;
  const { message, detail } = answer.refusal;
  const left = await othersIn(watcher, databases);
  return { kind: 'busy', says: left.length > 0 ? left.map(({ says }) => says) : [detail ?? message] };
}

export interface Wish {
  /** Object identifiers. */
  readonly databases: readonly number[];
  /** The user agreed to end the sessions in them. */
  readonly disconnect: boolean;
  readonly signal: AbortSignal;
}

export type Alone = Answer | { readonly kind: 'busy'; readonly says: readonly string[] };

async function clearing(
  worker: Session,
  watcher: Session,
  databases: readonly number[],
  disconnect: boolean,
  sql: string,
): Promise<Answer> {
  const over = new AbortController();
  const working = worker.run(sql).finally(() => over.abort());
  // It may fail while we wait for the watcher, and has to be heard of all the same: Node ends the process otherwise.
  const settled = Promise.allSettled([working]);
  if (!disconnect) return working;
  try {
    await keepClear(watcher, databases, over.signal);
  } catch (cause) {
    // The statement must not go on by itself once nobody waits for it; where nobody can be told to end it, it ends with
    // its session, and what is wrong is thrown once.
    await Promise.allSettled([worker.cancel(), settled]);
    throw cause;
  }
  return working;
}

const objectInUse = '55006';

async function keepClear(watcher: Session, databases: readonly number[], over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const others: readonly OtherSession[] = await othersIn(watcher, databases);
    if (over.aborted) return;
    await endSessions(watcher, others);
    try {
      await delay(lookAgainMs, undefined, { signal: over });
    } catch (cause) {
      if (!over.aborted) throw cause;
    }
  }
}

/**
 * A session on the same server, from which the target can be looked at without being in it.
 *
 * @throws {Fault} as Database.open, for the first place
 */
export async function openBeside(target: ServerTarget, signal: AbortSignal): Promise<Session> {
  let refused: Fault | undefined;
  for (const name of places) {
    if (name === target.database.name) continue;
    try {
      return await target.sibling(name).open('read', signal);
    } catch (cause) {
      if (!isNoWayIn(cause)) throw cause;
      refused ??= cause;
    }
  }
  throw refused ?? new Error('one of two places is not the target');
}

/** What a login to `postgres` and `template1` may meet while the target itself can be used. */
const noWayIn: ReadonlySet<FaultCode> = new Set([
  'no-database',
  'no-right',
  'wrong-password',
  'busy',
  'no-connection-left',
]);

/** @returns true when the target's role may enter no database beside it */
export const isNoWayIn = (cause: unknown): cause is Fault => cause instanceof Fault && noWayIn.has(cause.code);

/** Each database has its own advisory locks, and another role may be at work from another place. */
async function lock(worker: Session, { database }: ServerTarget): Promise<void> {
  const key = [`rehearsal snapshots of ${database.name}`];
  const [row] = await worker.rows<{ got: boolean }>(
    `select pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 0)) as got`,
    key,
  );
  const elsewhere = await worker.rows(
    `select from pg_catalog.pg_locks where locktype = 'advisory' and objsubid = 1 and pid <> pg_catalog.pg_backend_pid()
       and (classid::int8 << 32 | objid::int8) = pg_catalog.hashtextextended($1, 0)`,
    key,
  );
  if (!row?.got || elsewhere.length > 0)
    throw new Fault('locked', `another process is at work on a snapshot or a trial of ${database.label} just now.`);
}
