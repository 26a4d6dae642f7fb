/**
 * What was rehearsed for a target in production, kept on the disk: nothing is applied there by other scripts, upon
 * another schema, or after too long a time. A check writes such a record, and so does a trial.
 */
import { join } from 'node:path';
import type { Planned } from '../apply/plan';
import { sha256 } from '../base/digest';
import { Fault } from '../base/fault';
import { jsonIn } from '../base/json';
import { isProduction } from '../environments';
import { type Check, type FileCheck, isErrorOfUp, type TrialResult } from '../project';
import type { Ground } from './ground';
import { look } from './look';
import { wholeUpText } from './states';

export interface RehearsalRecord {
  /** ISO 8601. */
  readonly at: string;
  readonly by: 'check' | 'trial';
  /** Bench.schemaFingerprint of the target that it stood upon. */
  readonly schema: string;
  /** The pending migrations from the first one on, in their order. */
  readonly scripts: readonly RehearsedScript[];
}

export interface RehearsedScript {
  readonly version: string;
  /** Of its up file, with its byte order mark. */
  readonly digest: string;
  readonly verdict: 'passed' | 'refused';
}

const usualMaxAge = 60;

/** A clock that is set right by the network may go back a little. */
const clocksDifferBy = 1;

/** Keeps what came of a check for the next apply. @param run the check, which tells of each file */
export async function noting(
  ground: Ground,
  onFile: (file: FileCheck) => void,
  run: (tell: (file: FileCheck) => void) => Promise<Check>,
  signal: AbortSignal,
): Promise<Check> {
  if (!isProduction(ground.bench.target.info)) return run(onFile);
  const files = new Map<string, FileCheck>();
  const check = await run((file) => {
    files.set(file.path, file);
    onFile(file);
  });
  await unlessFault(ground, () => noteCheck(ground, files, signal));
  return check;
}

/** The same of a trial, which has run the scripts on all rows. @param plan what it runs */
export async function notingTrial(
  ground: Ground,
  plan: readonly Planned[],
  run: () => Promise<TrialResult>,
  signal: AbortSignal,
): Promise<TrialResult> {
  if (!isProduction(ground.bench.target.info)) return run();
  const schema = await ground.bench.schemaFingerprint(signal);
  const result = await run();
  if (result.kind !== 'tried' && result.kind !== 'refused') return result;
  const refused = result.kind === 'refused' && result.pass === 'up' ? result.version : undefined;
  const scripts = plan.map(({ migration: { version }, upText }): RehearsedScript => {
    return { version, digest: sha256(upText), verdict: version === refused ? 'refused' : 'passed' };
  });
  const ran = refused === undefined ? scripts : scripts.slice(0, scripts.findIndex((it) => it.version === refused) + 1);
  await unlessFault(ground, () => Promise.resolve(keep(ground, { by: 'trial', schema, scripts: ran })));
  return result;
}

/** What was found is told all the same where it cannot be kept; the next apply will want another rehearsal. */
async function unlessFault({ world }: Ground, note: () => Promise<void>): Promise<void> {
  try {
    await note();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    world.log(`rehearsed: ${error.message}`);
  }
}

async function noteCheck(ground: Ground, files: ReadonlyMap<string, FileCheck>, signal: AbortSignal): Promise<void> {
  const pending = (await look(ground, signal)).migrations.filter(({ state }) => state === 'pending');
  const scripts: RehearsedScript[] = [];
  for (const it of pending) {
    const file = files.get(it.link.up.path);
    if (!file) break;
    const verdict = file.findings.some(isErrorOfUp) ? 'refused' : 'passed';
    scripts.push({ version: it.migration.version, digest: sha256(wholeUpText(it)), verdict });
  }
  if (scripts.length > 0) keep(ground, { by: 'check', schema: await ground.bench.schemaFingerprint(signal), scripts });
}

/** @throws {Fault} `not-writable`, `disk-full` */
function keep(ground: Ground, shown: Omit<RehearsalRecord, 'at'>): void {
  const { world } = ground;
  const record: RehearsalRecord = { at: world.now().toISOString(), ...shown };
  world.disk.replace(pathOf(ground), `${JSON.stringify(record)}\n`);
}

/**
 * In production, before anything is begun.
 *
 * @throws {Fault} `not-rehearsed`
 */
export async function demandRehearsed(ground: Ground, plan: readonly Planned[], signal: AbortSignal): Promise<void> {
  if (!isProduction(ground.bench.target.info)) return;
  const why = await whyNot(ground, plan, signal);
  if (why === undefined) return;
  const { label } = ground.bench.target.info;
  throw new Fault('not-rehearsed', `${label}: ${why}.`);
}

async function whyNot(ground: Ground, plan: readonly Planned[], signal: AbortSignal): Promise<string | undefined> {
  const { world, options, bench } = ground;
  const record = recordOf(ground);
  if (!record) return 'these migrations were not rehearsed with its schema yet';
  const maxAge = options.rehearsalMaxAge ?? usualMaxAge;
  const age = (world.now().getTime() - Date.parse(record.at)) / 60_000;
  if (age < -clocksDifferBy)
    return `the last rehearsal was at ${record.at}, which is still to come: the clock was set back`;
  if (!(age <= maxAge)) return `the last rehearsal was at ${record.at}, more than ${maxAge} minutes ago`;
  for (const [i, { migration, upText }] of plan.entries()) {
    const script = record.scripts[i];
    if (script?.version !== migration.version)
      return `${migration.version} was not rehearsed in this order, from the first pending migration on`;
    if (script.digest !== sha256(upText)) return `${migration.version} is not what was rehearsed: its file has changed`;
    if (script.verdict === 'refused') return `${migration.version} was refused when it was rehearsed`;
  }
  if (record.schema !== (await bench.schemaFingerprint(signal)))
    return 'its schema is another one than the one rehearsed with';
  return undefined;
}

/** One folder and one target have one record: the last. */
function pathOf({ bench, folder, world }: Ground): string {
  const of = sha256(`${bench.target.info.id}\0${folder.path}`).slice(0, 24);
  return join(world.storage, 'rehearsed', `${of}.json`);
}

/** What was written by another version, or cut off, is as good as none. */
function recordOf(ground: Ground): RehearsalRecord | undefined {
  const text = ground.world.disk.read(pathOf(ground));
  const value = jsonIn(text ?? '');
  return isRecord(value) ? value : undefined;
}

const isRecord = (value: unknown): value is RehearsalRecord =>
  typeof value === 'object' && value !== null && 'scripts' in value && Array.isArray(value.scripts) && 'at' in value;
