/** The copy that migrations are tried out on: a database beside the target, with its rows, rights and settings. */
import { Fault } from '../base/fault';
import { onSession } from '../database/onSession';
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import { copyRows } from '../shadow/copyRows';
import { restore } from '../shadow/restore';
import { reachingIn, reachingNames } from '../sql/reachingSchema';
import { makeFromDump } from '../snapshots/contents';
import { readDump } from '../snapshots/dumpBytes';
import { createTwin } from '../snapshots/freshDatabase';
import { recordsOf } from '../snapshots/list';
import { type Maintenance, aloneIn } from '../snapshots/maintenance';
import { carryOver, type DatabaseFacts, factsOf } from '../snapshots/properties';
import type { SnapshotRecord } from '../snapshots/record';
import { othersIn, othersStaying } from '../snapshots/sessions';
import { admissionStatement, commentStatement, must, whyRefused } from '../snapshots/statements';
import { copyClosed, copyFastest } from '../snapshots/strategy';
import type { ServerTarget, Surroundings } from '../snapshots/target';
import type { TrialRecord } from '../snapshots/trialCopies';
import type { TrialCopied, TrialSource } from '../trials';

export interface Copying {
  readonly maintenance: Maintenance;
  readonly target: ServerTarget;
  readonly facts: DatabaseFacts;
  readonly around: Surroundings;
  readonly record: TrialRecord;
  /** Of the database that is made. */
  readonly name: string;
  /** Of the target; see filesOf. */
  readonly files: number | undefined;
  /** The user agreed to end the sessions in the target. */
  readonly disconnect: boolean;
}

export type Copied =
  | { readonly kind: 'copied'; readonly copied: Omit<TrialCopied, 'ms' | 'bytes'> }
  | { readonly kind: 'busy'; readonly sessions: readonly string[] };

/**
 * @throws {Fault} `no-right`, `disk-full`, `no-such-snapshot`, `refused`, `connection-lost`; there may be a database of
 *   that name then, which is the caller's to drop
 */
export async function makeCopy(work: Copying, from: TrialSource): Promise<Copied> {
  if (typeof from === 'object') return fromSnapshot(work, from.snapshot);
  if (from === 'dump') return fromDump(work);
  const copied = await fromTarget(work);
  if (copied.kind === 'copied') return copied;
  if (from === 'auto' && !work.disconnect) return fromDump(work);
  if (copied.kind === 'busy') return copied;
  if (from === 'auto') return fromDump(work);
  throw new Fault('no-right', `the server makes no copy of ${work.target.database.name}: ${copied.because}.`);
}

async function fromTarget(work: Copying): Promise<Copied | { readonly kind: 'impossible'; readonly because: string }> {
  const { maintenance, target, facts, name, disconnect, around } = work;
  const { worker, watcher } = maintenance;
  const ended = disconnect ? await othersIn(watcher, [facts.oid]) : [];
  const wish = { from: target.database.name, to: name, owner: facts.owner, bytes: facts.bytes, files: work.files };
  const only = { databases: [facts.oid], disconnect, signal: around.signal };
  const done = await copyFastest(worker, wish, (sql) => aloneIn(maintenance, only, sql), around.log);
  if (done.kind === 'busy') return { kind: 'busy', sessions: done.says };
  if (done.kind === 'refused') return { kind: 'impossible', because: whyRefused(done) };
  const lacks = await open(work);
  return { kind: 'copied', copied: { how: 'copy', lacks, ended: ended.map(({ says }) => says) } };
}

async function fromSnapshot(work: Copying, id: string): Promise<Copied> {
  const { target, around, maintenance, name, facts } = work;
  const snapshot = (await recordsOf(target, around.storage, around.signal)).find((it) => it.id === id);
  if (!snapshot) throw new Fault('no-such-snapshot', `${id} of ${target.database.label}.`);
  if (snapshot.kind === 'file') await loadSnapshot(work, snapshot);
  else {
    const wish = { from: id, to: name, owner: facts.owner, bytes: snapshot.bytes, files: undefined };
    await copyClosed(maintenance.worker, wish, around);
  }
  const lacks = await open(work);
  return { kind: 'copied', copied: { how: 'snapshot', snapshot: id, lacks, ended: [] } };
}

async function loadSnapshot({ maintenance, target, around, name }: Copying, { id }: SnapshotRecord): Promise<void> {
  const dump = await readDump(around.storage, id);
  await makeFromDump(maintenance.worker, target, { name, dump }, around.signal);
}

/** Schema first, then the rows of one moment; nobody is kept from work. */
async function fromDump(work: Copying): Promise<Copied> {
  const { maintenance, target, around, name } = work;
  const { signal } = around;
  const text = await target.database.dump(signal);
  await createTwin(maintenance.worker, target.database.name, name);
  const rows = { copyTo: (session: Session) => copyRows(target.database, session, signal) };
  const missing = await onSession(target.sibling(name).open('write', signal), (session) =>
    restore(session, text, reachingNames(reachingIn(text)), signal, rows),
  );
  return { kind: 'copied', copied: { how: 'dump', lacks: [...missing, ...(await open(work))], ended: [] } };
}

/**
 * Rights and settings as the target has them, so that scripts run as they would there; only then it is let in. Where
 * nobody has changed the rights, everybody else stays outside.
 *
 * @returns what could not be carried over
 */
async function open({ maintenance: { worker }, facts, name, record }: Copying): Promise<readonly string[]> {
  await must(worker, commentStatement(name, JSON.stringify(record)));
  await must(worker, `revoke connect on database ${quoteIdentifier(name)} from public`);
  const lacking = await carryOver(worker, facts, name);
  await must(worker, admissionStatement(name, 'all'));
  return lacking;
}

/**
 * A second one, for down scripts, so that what is going to be the target has only gone up.
 *
 * @param name of the database that is made
 */
export async function copyCopy(work: Copying, name: string): Promise<void> {
  const { maintenance, around, facts } = work;
  const { worker, watcher } = maintenance;
  const copy = await factsOf(worker, work.name);
  if (!copy) throw new Error('the copy is there');
  const others = await othersStaying(watcher, [copy.oid]);
  if (others.length > 0)
    throw new Fault('busy', `${work.name} is used by ${others.map(({ says }) => says).join('; ')}.`);
  const wish = { from: work.name, to: name, owner: facts.owner, bytes: copy.bytes, files: work.files };
  await copyClosed(worker, wish, around);
  await open({ ...work, name });
}
