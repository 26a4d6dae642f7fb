/** At the next start: what was cut off in the middle is finished or undone, and told. */
import { type CutOff, forget, readJournals } from '../base/journal';
import { Fault } from '../base/fault';
import { givingUp } from '../database/givingUp';
import type { Session } from '../database/session';
import { isOwner, reopenTarget } from './closing';
import { recoverEmbedded } from './embedded';
import { withMaintenance } from './maintenance';
import { factsOf, isInvalid } from './properties';
import { beforeRestore, recordIn, type SnapshotRecord } from './record';
import { register, sweepUnfinished, unregister } from './registry';
import { admissionStatement, dropDatabase, must } from './statements';
import { type SnapshotStep, isSnapshotStep, topic } from './steps';
import type { ServerTarget, SnapshotTarget, Surroundings } from './target';
import { forgetScripts, isOnCopy, trialRecordIn } from './trialCopies';

/**
 * Work that is still going on, in this process or another one, is left alone; so is what somebody has begun by another
 * login, where this one has no right to finish it.
 *
 * @returns what was found and what became of it, for people
 * @throws as Database.open; the journal stays for the next time then
 */
export async function recoverSnapshots(target: SnapshotTarget, around: Surroundings): Promise<readonly string[]> {
  sweepUnfinished(around.storage, around.now());
  const { id, name } = target.database;
  const read = (): readonly CutOff<SnapshotStep>[] =>
    readJournals(around.storage, topic, ({ about, at }) => about === id || at?.database === name, isSnapshotStep);
  if (read().length === 0) return [];
  try {
    // Read again under the lock, so that none of them is work that has only just begun.
    if (target.kind === 'embedded') return await recoverEmbedded(target, read, around);
    const { signal } = around;
    return await withMaintenance(target, signal, ({ worker, server }) =>
      givingUp(worker, signal, async () => {
        const told: string[] = [];
        const mayFinish = await isOwner(worker, name);
        for (const work of read()) {
          if (work.about === id || (mayFinish && work.at?.server === server))
            told.push(await recoverOnServer(worker, target, work, around));
        }
        return told;
      }),
    );
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    if (cause.code === 'locked') return [];
    if (read().some(({ about }) => about === id)) throw cause;
    around.log(`what was cut off on ${name} is left to who has begun it: ${cause.message}`);
    return [];
  }
}

async function recoverOnServer(
  worker: Session,
  target: ServerTarget,
  { path, begun, steps }: CutOff<SnapshotStep>,
  around: Surroundings,
): Promise<string> {
  const told: string[] = [];
  const work = { worker, target, storage: around.storage };
  // The last step first: whether the databases were exchanged decides what the name of an earlier step means.
  for (const step of steps.toReversed()) told.push(await recoverStep(work, step));
  forget(path);
  return `Work on ${target.database.label} that began at ${begun} was cut off. ${told.filter(Boolean).join(' ')}`.trim();
}

type Step<Kind extends SnapshotStep['step']> = Extract<SnapshotStep, { readonly step: Kind }>;

interface Recovering {
  readonly worker: Session;
  readonly target: ServerTarget;
  readonly storage: string;
}

/** @returns what became of it, for people; empty where it is nothing to them */
async function recoverStep(work: Recovering, step: SnapshotStep): Promise<string> {
  const { worker, target, storage } = work;
  switch (step.step) {
    case 'copy':
      return recoverCopy(work, step);
    case 'load': {
      const made = await factsOf(worker, step.name);
      if (made) await dropDatabase(worker, step.name, 'force');
      return made ? `The half-made database ${step.name} has been dropped.` : '';
    }
    case 'swap':
      return recoverSwap(work, step);
    case 'overwrite':
      if (await isCommitted(worker, step.transaction))
        return `The snapshot was restored; what it replaced is kept as ${step.kept.id}.`;
      unregister(storage, step.kept.id);
      return `Nothing was restored; ${target.database.name} is as it was.`;
    case 'open': {
      const copy = await factsOf(worker, step.name);
      if (copy?.oid === step.oid && recordIn(copy.comment)) await must(worker, admissionStatement(step.name, 'nobody'));
      return '';
    }
    case 'refill': {
      const tables = step.tables.join(', ');
      return (await isCommitted(worker, step.transaction))
        ? `The rows of ${tables} were restored; ${target.database.name} as it was before is kept as ${step.kept}.`
        : `No rows were restored; ${tables} are as they were.`;
    }
    case 'drop':
      return recoverDrop(work, step);
    case 'close':
      return (await reopenTarget(worker, target, step.oid)) ? `${target.database.name} can be connected to again.` : '';
    case 'trial':
      return recoverTrial(work, step);
    case 'replace':
      throw new Error('a database on a server is not replaced as a file');
  }
}

async function recoverCopy({ worker, target, storage }: Recovering, { name }: Step<'copy'>): Promise<string> {
  const copy = await factsOf(worker, name);
  const record = recordIn(copy?.comment);
  if (record && copy && !isInvalid(copy)) {
    register(storage, record);
    return `The snapshot ${name} was complete and is kept.`;
  }
  if (copy) await dropDatabase(worker, name);
  return `The snapshot ${name} was not complete${copy ? ' and has been dropped' : ''}; ${target.database.name} is as it was.`;
}

async function recoverSwap(
  { worker, target: { database }, storage }: Recovering,
  { replacementOid, kept, used }: Step<'swap'>,
): Promise<string> {
  const now = await factsOf(worker, database.name);
  const words = wordsOfSwap(kept);
  if (now?.oid !== replacementOid) return `${words.undone}; ${database.name} is as it was.`;
  if (await factsOf(worker, kept.id)) register(storage, kept);
  if (used !== null) unregister(storage, used);
  return `${words.done}; the former ${database.name} is kept as ${kept.id}.`;
}

function wordsOfSwap({ reason, branch }: SnapshotRecord): { readonly done: string; readonly undone: string } {
  if (branch !== undefined)
    return {
      done: 'The database of another branch has taken its place',
      undone: 'No database of another branch took its place',
    };
  return reason === beforeRestore
    ? { done: 'The snapshot was restored', undone: 'Nothing was restored' }
    : { done: 'The copy has taken its place', undone: 'No copy took its place' };
}

async function recoverDrop({ worker, storage }: Recovering, { name, oid }: Step<'drop'>): Promise<string> {
  const copy = await factsOf(worker, name);
  try {
    if (copy?.oid === oid) await dropDatabase(worker, name);
  } catch (cause) {
    // Somebody has entered it since: then it is a snapshot as before, and nothing else has to wait for that.
    if (!(cause instanceof Fault) || worker.lost) throw cause;
    const left = await factsOf(worker, name);
    if (left && isInvalid(left)) throw cause;
    return `The snapshot ${name} was to be deleted and is still there: ${cause.detail}`;
  }
  unregister(storage, name);
  return `The snapshot ${name} has been deleted.`;
}

/** A server that has crashed may never have heard of it, and refuses to tell of one that is still to come. */
async function isCommitted(worker: Session, transaction: string): Promise<boolean> {
  const [row] = await worker.rows<{ status: string | null }>(
    `select case when $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then pg_xact_status($1::xid8) end as status`,
    [transaction],
  );
  return row?.status === 'committed';
}

async function recoverTrial({ worker, target, storage }: Recovering, { name }: Step<'trial'>): Promise<string> {
  forgetScripts(isOnCopy(name), storage);
  const copy = await factsOf(worker, name);
  if (!copy) return '';
  if (trialRecordIn(copy.comment)?.finished) return `The copy ${name}, on which migrations were tried out, is kept.`;
  try {
    await dropDatabase(worker, name, 'force');
  } catch (cause) {
    // A prepared transaction in it, for example: the target is not kept closed for that.
    if (!(cause instanceof Fault) || worker.lost) throw cause;
    return `The copy ${name}, on which migrations were being tried out, is still there: ${cause.detail}`;
  }
  return `The copy ${name}, on which migrations were being tried out, has been dropped; ${target.database.name} is as it was.`;
}
