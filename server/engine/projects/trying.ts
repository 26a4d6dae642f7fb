/** Trials of pending migrations on a copy of the target, and the copies that are kept of them. */
import { Fault } from '../base/fault';
import { embeddedDatabase } from '../database/embedded';
import type { Consent, KeptTrial, PsqlCall, TrialRequest, TrialResult } from '../project';
import { planUp } from '../apply/plan';
import { dropTrial, listTrials } from '../snapshots/trialCopies';
import { tryOutEmbedded } from '../trial/embedded';
import type { Scripts } from '../trial/passes';
import { tryOut } from '../trial/trial';
import { type Asker, filesOf, foreseeApply, toolTrialOf } from './changing';
import { around, type Ground } from './ground';
import { handOn } from './inheriting';
import { recover } from './look';
import { notingTrial } from './rehearsed';
import { demandConsent } from './consent';
import { dropOld } from './retaining';

/** Takes the target for itself where it has to; others go on with it otherwise. */
export async function trial(ground: Ground, request: TrialRequest, asker: Asker): Promise<TrialResult> {
  const { bench, world } = ground;
  const { target } = bench;
  const { progress, signal } = asker;
  const { live, versions, files } = await foreseeApply(ground, request.which, signal);
  if (versions.length === 0) return { kind: 'nothing' };
  demandConsent(target, request.confirmedName);
  const { storage, now } = world;
  const run = toolTrialOf(ground);
  const scripts: Scripts = {
    ...filesOf(ground),
    history: bench.history,
    storage,
    now,
    progress,
    signal,
    ...(run && { run }),
  };
  const surroundings = { ...around(ground, signal), alone: <T>(work: () => Promise<T>) => bench.alone(work) };
  const { from, afterwards, disconnect } = request;
  const order = { from, afterwards, disconnect, versions, version: live.history.versions.at(-1) };
  try {
    const tried = (): Promise<TrialResult> => {
      if (target.kind === 'server') {
        const onCopy = () => tryOut(target, order, scripts, surroundings);
        return notingTrial(ground, planUp(files, versions), onCopy, signal);
      }
      const { label, name } = target.database;
      const at = (file: string) => embeddedDatabase({ file, assets: world.assets, label: `a copy of ${label}`, name });
      return tryOutEmbedded(target, order, scripts, surroundings, at);
    };
    const result = await tried();
    if (result.kind !== 'tried' || result.report.end.kind !== 'swapped') return result;
    await handOn(ground, live, result.report.end.kept.id, 'ofBefore', signal);
    await dropOld(ground, signal);
    return result;
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'other-database')
      throw new Fault('no-trial', `${ground.folder.layout.label} could not be led to the copy: ${cause.detail}`, cause);
    throw cause;
  } finally {
    if (afterwards === 'swap') bench.refresh();
  }
}

/** Newest first; none of an embedded database. */
export async function trials(ground: Ground, signal = new AbortController().signal): Promise<readonly KeptTrial[]> {
  const { bench } = ground;
  const { target } = bench;
  if (target.kind === 'embedded') return [];
  await recover(ground, signal);
  return bench.patiently(() => bench.question(() => listTrials(target, signal), signal));
}

export async function deleteTrial(
  ground: Ground,
  name: string,
  { confirmedName }: Pick<Consent, 'confirmedName'>,
  signal: AbortSignal,
): Promise<void> {
  const { target } = ground.bench;
  demandConsent(target, confirmedName);
  if (target.kind === 'embedded') throw new Fault('no-such-trial', `${name} of ${target.database.label}.`);
  await recover(ground, signal);
  await dropTrial(target, name, around(ground, signal));
}

/** The host that answers first is the first one here as well; psql asks for what else it needs. */
export function psqlFor({ bench: { target } }: Ground, database: string): PsqlCall {
  const host = target.parameters?.hosts[0];
  if (!target.parameters || !host) throw new Fault('no-trial', 'psql cannot connect to an embedded database.');
  const { user, tls } = target.parameters;
  const { password } = host;
  const words = ['-h', host.address ?? host.name, '-p', String(host.port), '-U', user, '-d', database];
  return {
    words,
    line: ['psql', ...words].map(forShell).join(' '),
    environment: { PGSSLMODE: tls.mode, ...(password === undefined ? {} : { PGPASSWORD: password }) },
  };
}

const forShell = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
