/** A bundle of scripts for a target: what is pending there, rehearsed, written down with what its tool would record. */
import { join } from 'node:path';
import type { JobFiles } from '../apply/job';
import { checkUp, type Planned, planDown, planUp } from '../apply/plan';
import { stepOf } from '../apply/runMigration';
import { Fault } from '../base/fault';
import { bundleFiles, fingerprintsOf } from '../bundle/bundle';
import { type SchemaObjects, schemaObjects } from '../bundle/fingerprint';
import { migrationScript } from '../bundle/migrationScript';
import type { BundledMigration, BundleParts } from '../bundle/parts';
import { recordingOn } from '../bundle/recording';
import { onSession } from '../database/onSession';
import { quoteName } from '../database/quote';
import type { Session } from '../database/session';
import type { History } from '../history/history';
import type { BundleRequest, BundleResult } from '../project';
import { evenlyQuoted, readKeywords } from '../scripting/evenQuotes';
import { filesOf } from './changing';
import type { Ground, SeenMigration } from './ground';
import { look, type View } from './look';
import { errorsIn, requestOf } from './previewing';
import { wholeUpText } from './states';

/** In turn only. */
export async function bundle(
  ground: Ground,
  { out, which }: BundleRequest,
  signal: AbortSignal,
): Promise<BundleResult> {
  const view = await look(ground, signal);
  const pending = pendingUpTo(view, which);
  if (pending.length === 0) return { kind: 'nothing' };
  demandEmpty(ground, out);
  const files = filesOf(ground);
  const plan = planUp(
    files,
    pending.map(({ migration }) => migration.version),
  );
  checkUp(files, plan, view.live.history);
  demandBundled(ground, pending, plan);
  const errors = await errorsIn(ground, pending, signal);
  if (errors.length > 0) return { kind: 'refused', errors };
  const history = historyTable(view);
  const shadow = await shadowEnds(ground, pending, history, signal);
  const { target } = ground.bench;
  const parts = await ground.bench.question(
    () =>
      onSession(target.database.open('read', signal), (session) =>
        partsOf(ground, { view, plan, shadow, history }, session),
      ),
    signal,
  );
  const written = bundleFiles(parts);
  for (const [path, text] of written) ground.world.disk.write(join(out, ...path.split('/')), text);
  return {
    kind: 'written',
    files: [...written.keys()],
    versions: parts.versions,
    withoutDown: parts.migrations
      .filter(({ down }) => down.kind === 'none')
      .map(({ planned }) => planned.migration.version),
    fingerprints: fingerprintsOf(parts),
  };
}

/** @throws {Fault} `not-pending` */
function pendingUpTo({ migrations }: View, which: BundleRequest['which']): readonly SeenMigration[] {
  const pending = migrations.filter(({ state }) => state === 'pending');
  if (which === 'all') return pending;
  const last = pending.findIndex(({ migration }) => migration.version === which.upTo);
  if (last < 0) throw new Fault('not-pending', `${which.upTo}.`);
  return pending.slice(0, last + 1);
}

function demandEmpty({ world }: Ground, out: string): void {
  if (world.disk.list(out).length > 0) throw new Fault('not-empty', `${out}.`);
}

/** @throws {Fault} `no-bundle`, `unsaved` */
function demandBundled({ bench, folder }: Ground, pending: readonly SeenMigration[], plan: readonly Planned[]): void {
  const { label, program, oneTransaction } = folder.layout;
  if (!bench.history.recorded || program || oneTransaction || bench.target.kind === 'embedded') {
    const why =
      bench.target.kind === 'embedded'
        ? 'psql does not reach the embedded Postgres'
        : `${label} has to run them itself`;
    throw new Fault('no-bundle', `${why}.`);
  }
  for (const [i, { migration, upText }] of plan.entries()) {
    const seen = pending[i];
    if (migration.name.digits === '')
      throw new Fault('no-bundle', `${migration.version} is run whenever it has changed.`);
    if (!seen || wholeUpText(seen) !== upText) throw new Fault('unsaved', `${migration.upPath ?? migration.version}.`);
  }
}

/** What people are told is `schema.table`. */
function historyTable({ live }: View): string {
  const { table } = live.history;
  const dot = table.indexOf('.');
  return quoteName(table.slice(0, dot), table.slice(dot + 1));
}

/** Undefined where the shadow would not say it as the target does. */
async function shadowEnds(
  ground: Ground,
  pending: readonly SeenMigration[],
  history: string,
  signal: AbortSignal,
): Promise<{ readonly before: SchemaObjects; readonly after: SchemaObjects; readonly major: number } | undefined> {
  const { bench } = ground;
  const wished = pending.flatMap(({ extensions }) => extensions);
  await bench.confirm(signal);
  return bench.withWorkshop(
    'live',
    wished,
    async ({ chain }, base) => {
      let major = 0;
      const read = ({ session }: { readonly session: Session }): Promise<SchemaObjects> => {
        major = majorOf(session);
        return schemaObjects(session, history);
      };
      const request = requestOf(ground, 'live', pending, base);
      const [before, after] = await chain.behind(request, [0, pending.length], read, signal);
      return before && after && { before: before.told, after: after.told, major };
    },
    signal,
  );
}

const majorOf = ({ server }: Session): number => Math.floor(server.versionNumber / 10_000);

interface Found {
  readonly view: View;
  readonly plan: readonly Planned[];
  readonly shadow: Awaited<ReturnType<typeof shadowEnds>>;
  readonly history: string;
}

async function partsOf(ground: Ground, { view, plan, shadow, history }: Found, reading: Session): Promise<BundleParts> {
  const { bench, folder, world } = ground;
  const keywords = await readKeywords(reading);
  const recording = recordingOn(reading, keywords);
  const files = filesOf(ground);
  let opened: readonly string[] = [];
  await bench.history.withLock(recording.session, 0, () => {
    opened = recording.take();
    return Promise.resolve();
  });
  recording.take();
  const isLock = (sql: string): boolean => sql.startsWith('select pg_catalog.pg_advisory_lock(');
  const versions = folder.migrations.map(({ version }) => version);
  const recorded = evenlyQuoted((await bench.history.recorded?.(reading, versions)) ?? '', keywords);
  const migrations: BundledMigration[] = [];
  for (const planned of plan)
    migrations.push({
      planned,
      up: await migrationScript(planned, stepOf(files, planned), bench.history, recording),
      down: await downOf(files, planned, bench.history, recording),
    });
  const { info, parameters } = bench.target;
  const { default_transaction_read_only: _, ...settings } = parameters?.settings ?? {};
  return {
    target: info.environment ? `${info.label}, environment ${info.environment.name}` : info.label,
    server: view.live.server,
    tool: folder.layout.label,
    made: world.now().toISOString(),
    settings: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [evenlyQuoted(quoteName(...name.split('.')), keywords), value]),
    ),
    history: evenlyQuoted(history, keywords),
    locks: opened.filter(isLock),
    makesHistory: opened.filter((sql) => !isLock(sql)),
    recorded,
    before: view.live.history.exists ? await versionsOf(reading, recorded) : [],
    versions: plan.map(({ migration }) => migration.version),
    migrations,
    objects: await schemaObjects(reading, history),
    shadow: shadow?.major === majorOf(reading) ? shadow : undefined,
  };
}

async function versionsOf(reading: Session, recorded: string): Promise<readonly string[]> {
  const rows = await reading.rows<{ version: string | null }>(`select version from (${recorded}) recorded(version)`);
  return rows.flatMap(({ version }) => version ?? []);
}

async function downOf(
  files: JobFiles,
  { migration }: Planned,
  history: History,
  recording: ReturnType<typeof recordingOn>,
): Promise<BundledMigration['down']> {
  try {
    const [planned] = planDown(files, [migration.version]);
    if (!planned) return { kind: 'none', why: `${migration.version} is not there any more.` };
    return { kind: 'script', text: await migrationScript(planned, stepOf(files, planned), history, recording) };
  } catch (error) {
    if (!(error instanceof Fault) || !['no-down', 'only-up', 'bad-migration'].includes(error.code)) throw error;
    return { kind: 'none', why: error.detail };
  }
}
