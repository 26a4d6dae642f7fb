/** One folder of migrations and its target: answers what the faces ask, by the rooms below. */
import { join } from 'node:path';
import { applyMigrations, revertMigrations } from '../apply/apply';
import type { Job } from '../apply/job';
import { checkDown, checkHistory } from '../apply/plan';
import { recoverApplies } from '../apply/recover';
import { Fault } from '../base/fault';
import { appliedTexts } from '../history/appliedTexts';
import type { Migration, MigrationFolder } from '../layouts/migration';
import { previewOf } from '../preview/preview';
import type {
  ApplyRequest,
  ApplyResult,
  Consent,
  EngineOptions,
  MigrationState,
  MigrationStatus,
  Progress,
  Project,
  RevertRequest,
  Status,
} from '../project';
import type { Base } from '../shadow/base';
import { recoverSnapshots } from '../snapshots/recover';
import { listSnapshots, restoreSnapshot, takeSnapshot } from '../snapshots/snapshots';
import type { Surroundings } from '../snapshots/target';
import type { World } from '../world';
import { type Bench, demandConsent, type Live, type Workshop } from './bench';
import { checkFiles, type CheckOrder } from './checking';
import { type ReadMigration, readMigrations } from './links';
import { targetCandidates } from './target';

export function createProject(folder: MigrationFolder, bench: Bench, world: World, options: EngineOptions): Project {
  const { target } = bench;
  const limits = { statementMs: options.statementMs };
  const around = (signal: AbortSignal): Surroundings => ({
    storage: world.storage,
    now: world.now,
    log: world.log,
    signal,
  });
  const texts = appliedTexts(world.storage, target.info.id, folder.path);
  const read = () => readMigrations(folder, world.files);

  function stateOf({ history }: Live, { migration, link }: ReadMigration): MigrationState {
    const state = history.applied(migration);
    if (state !== 'applied') return state;
    if (wasPassedOver(migration)) return 'skipped';
    const { text } = link.up;
    return history.edited(migration, text) || texts.edited(migration.version, text) ? 'edited' : 'applied';
  }

  /** golang-migrate records only how far it came: a file that appears below that later was never run. */
  function wasPassedOver({ version }: Migration): boolean {
    if (folder.layout.name !== 'golang-migrate' || texts.knows(version)) return false;
    const at = folder.migrations.findIndex((it) => it.version === version);
    return folder.migrations.slice(at + 1).some((later) => texts.knows(later.version));
  }

  function rememberApplied(live: Live, migrations: readonly ReadMigration[]): void {
    const applied = migrations.filter(
      ({ migration }) => live.history.applied(migration) === 'applied' && !wasPassedOver(migration),
    );
    try {
      const entry = ({ migration, link }: ReadMigration) =>
        [migration.version, () => world.disk.read(link.up.path)] as const;
      texts.remember(new Map(applied.map(entry)));
    } catch (error) {
      // Nothing but the state `edited` depends on it.
      if (!(error instanceof Fault)) throw error;
      world.log(error.message);
    }
  }

  async function look(signal?: AbortSignal): Promise<{ live: Live; migrations: ReadMigration[] }> {
    await recover();
    const live = await bench.live(signal);
    const migrations = read();
    rememberApplied(live, migrations);
    return { live, migrations };
  }

  /** Finishes or undoes what a process that was killed has left; costs nothing where there is no journal. */
  async function recover(): Promise<void> {
    const { database } = target;
    const snapshots = await recoverSnapshots(target, around(new AbortController().signal));
    const applies = await recoverApplies({ database, history: bench.history, folder, storage: world.storage });
    for (const line of [...snapshots, ...applies]) world.log(line);
    if (snapshots.length + applies.length > 0) bench.refresh();
  }

  async function order(wanted: readonly string[] | 'pending' | 'all', editing: boolean): Promise<CheckOrder> {
    const { live, migrations } = await look();
    const states = new Map(migrations.map((it) => [it, stateOf(live, it)]));
    const state = (it: ReadMigration) => states.get(it) ?? stateOf(live, it);
    const chosen = wanted === 'all' ? migrations : migrations.filter((it) => state(it) === 'pending');
    const paths = typeof wanted === 'string' ? chosen.flatMap(({ files }) => [...files.keys()]) : wanted;
    return { migrations, stateOf: state, wanted: new Set(paths), editing, layout: folder.layout.name, limits };
  }

  function job(progress: (step: Progress) => void, signal: AbortSignal): Job {
    const { storage, now, disk } = world;
    return {
      database: target.database,
      history: bench.history,
      folder,
      read: (path) => disk.read(path),
      storage,
      now,
      progress,
      signal,
    };
  }

  /** Takes a snapshot first when it is wished; then changes the target; then looks at it anew. */
  async function change(
    request: Consent & { readonly snapshot: boolean },
    reason: string,
    live: Live,
    progress: (step: Progress) => void,
    signal: AbortSignal,
    work: (job: Job) => Promise<ApplyResult>,
  ): Promise<ApplyResult> {
    demandConsent(target, request.confirmedName);
    // Before the snapshot: it would only keep what the tool refuses to go on from.
    checkHistory({ folder }, live.history);
    if (request.snapshot) progress({ message: `Taking a snapshot of ${target.info.label}`, cancellable: true });
    const snapshot = request.snapshot
      ? await takeSnapshot(
          target,
          { reason, version: live.history.versions.at(-1), disconnect: request.disconnect },
          around(signal),
        )
      : undefined;
    if (snapshot?.kind === 'busy') return snapshot;
    try {
      const result = await work(job(progress, signal));
      return snapshot && result.kind !== 'nothing' && result.kind !== 'busy'
        ? { ...result, snapshot: snapshot.snapshot.id }
        : result;
    } finally {
      bench.refresh();
    }
  }

  const alone = <T>(work: () => Promise<T>): Promise<T> => bench.alone(work);

  return {
    folder,
    target: target.info,
    refresh: () => bench.refresh(),
    refreshIfMoved: () => bench.refreshIfMoved(),
    candidates: () => targetCandidates(folder.path, options, world),

    async status(signal): Promise<Status> {
      const { live, migrations } = await look(signal);
      const here = migrations.map(
        (it): MigrationStatus => ({ ...namesOf(it), state: stateOf(live, it), migration: it.migration }),
      );
      const known = new Set(here.map(({ version }) => version));
      const missing = live.history.versions.filter((version) => !known.has(version));
      const { blocked, table } = live.history;
      return {
        server: live.server,
        historyTable: table,
        migrations: [
          ...here,
          ...missing.map(
            (version): MigrationStatus => ({ version, title: '', state: 'missing', migration: undefined }),
          ),
        ],
        ...(blocked === undefined ? {} : { blocked }),
      };
    },

    check: (wanted, onFile, signal) =>
      bench.inTurn(async () => {
        signal.throwIfAborted();
        return checkFiles(bench, await order(wanted, typeof wanted !== 'string'), onFile, signal);
      }),

    rowsAtFault: async (rows, signal) => bench.rowAnswers.rowsAtFault(rows, signal),

    preview: (path, signal) =>
      bench.inTurn(async () => {
        signal.throwIfAborted();
        const { migrations, stateOf: state, limits: bounds, layout } = await order('pending', false);
        const replay = path !== 'pending' && migrations.some((it) => it.files.has(path) && state(it) !== 'pending');
        const chosen = replay ? migrations : migrations.filter((it) => state(it) === 'pending');
        const index = path === 'pending' ? undefined : chosen.findIndex(({ files }) => files.has(path));
        if (index === -1) throw new Fault('no-such-migration', `${path} is not in ${folder.path}.`);
        const links = chosen.map(({ link }) => link);
        const span = index === undefined ? { from: 0, to: links.length } : { from: index, to: index + 1 };
        const texts = migrations.map(({ link }) => link.up.text);
        const rehearsed = async ({ chain, place }: Workshop, base: Base) => {
          const wanted = () => ({ up: true, down: false });
          const request = { base, links, wanted, editing: false, layout, limits: bounds };
          const dumps = await chain.dumps(request, span, signal);
          return { ...previewOf(dumps), rehearsedOn: place.label, refused: dumps.refused };
        };
        return bench.withWorkshop(replay ? 'replay' : 'live', texts, rehearsed, signal);
      }),

    apply: (request, progress, signal) =>
      alone(async () => {
        const { live, migrations } = await look();
        const pending = migrations
          .filter((it) => stateOf(live, it) === 'pending')
          .map(({ migration }) => migration.version);
        const versions = versionsOf(request.which, pending);
        if (versions.length === 0) return { kind: 'nothing' };
        const reason = `before applying ${namedBriefly(versions)}`;
        return change(request, reason, live, progress, signal, (it) => applyMigrations(it, versions));
      }),

    revert: (request: RevertRequest, progress, signal) =>
      alone(async () => {
        const { live } = await look();
        const { versions } = request;
        if (versions.length === 0) return { kind: 'nothing' };
        // Before the snapshot, and once more under the lock.
        checkDown({ folder }, versions, live.history);
        const reason = `before reverting ${namedBriefly(versions)}`;
        return change(request, reason, live, progress, signal, (it) => revertMigrations(it, versions));
      }),

    snapshots: () => listSnapshots(target, world.storage),

    snapshot: ({ reason, disconnect }, signal) =>
      alone(async () => {
        const { history } = await bench.live();
        return takeSnapshot(target, { reason, version: history.versions.at(-1), disconnect }, around(signal));
      }),

    restore: (id, { disconnect, confirmedName }, signal) =>
      alone(async () => {
        demandConsent(target, confirmedName);
        const { history } = await bench.live();
        try {
          return await restoreSnapshot(target, id, { version: history.versions.at(-1), disconnect }, around(signal));
        } finally {
          bench.refresh();
        }
      }),

    create(title) {
      const existing = folder.migrations.map(({ name }) => name);
      const { files, cursor } = folder.layout.skeleton(title, existing, world.now());
      for (const { name, text } of files) world.files.write(join(folder.path, name), text);
      return { path: join(folder.path, files[0]?.name ?? ''), cursor };
    },
  };
}

/** A few by name, many by their number and ends. */
const namedBriefly = (versions: readonly string[]): string =>
  versions.length <= 3
    ? versions.join(', ')
    : `${versions.length} migrations, ${versions[0] ?? ''} to ${versions.at(-1) ?? ''}`;

const namesOf = ({ migration: { version, title } }: ReadMigration) => ({ version, title });

/** @throws {Fault} `no-such-migration` when the version is not pending */
function versionsOf(which: ApplyRequest['which'], pending: readonly string[]): readonly string[] {
  if (which === 'all') return pending;
  const version = 'only' in which ? which.only : which.upTo;
  const index = pending.indexOf(version);
  if (index < 0)
    throw new Fault(
      'no-such-migration',
      `${version} is not among the pending ones (${pending.join(', ') || 'there are none'}).`,
    );
  return 'only' in which ? [version] : pending.slice(0, index + 1);
}
