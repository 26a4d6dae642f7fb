/** One folder of migrations and its target: answers what the faces ask, by the rooms below. */
import { Laps } from '../base/laps';
import type { MigrationFolder } from '../layouts/migration';
import type { CheckRoom, EngineOptions, Project } from '../project';
import type { World } from '../world';
import type { Bench } from './bench';
import { appliedText } from './appliedText';
import { branches, switchBranch } from './branching';
import { bundle } from './bundling';
import { apply, mayApply, mayRevert, revert } from './changing';
import { check, isOfEditor } from './checking';
import { createMigration } from './creating';
import { environmentsOf } from './environments';
import { recordApplied, type Shown, undoDrift, writeDriftMigration } from './driftActions';
import { driftOf } from './drifting';
import { driftScript } from './driftScripts';
import type { Ground } from './ground';
import { makeIdempotent } from './idempotence';
import { compare, deleteSnapshot, markOneSnapshot, restore, snapshot, snapshotForecast, snapshots } from './keeping';
import { restoreTables, snapshotTables, tablesSince } from './keepingRows';
import { MigrationReader, wishedBy } from './links';
import { ignoreDrift } from './ignoredDrift';
import { keepApplied, keptSql, wholeFolder } from './keptFiles';
import { look } from './look';
import { movedEdit } from './movedEdit';
import { previewFrom } from './previewing';
import { noting } from './rehearsed';
import { renamesOf } from './renumbering';
import { statusOf } from './status';
import { repair, repairs } from './repairing';
import { targetCandidates } from './target';
import { deleteTrial, psqlFor, trial, trials } from './trying';
import { verify } from './verifying';

export function createProject(folder: MigrationFolder, bench: Bench, world: World, options: EngineOptions): Project {
  const { target } = bench;
  const ground: Ground = {
    folder,
    bench,
    world,
    options,
    reader: new MigrationReader(),
    seen: { history: undefined, migrations: new WeakMap() },
  };
  const shown: Shown = { script: undefined };
  return {
    folder,
    target: target.info,
    environments: () => environmentsOf(folder.path, options, world).map(({ info }) => info),
    refresh: () => bench.refresh(),
    refreshIfMoved: (occasion) => bench.refreshIfMoved(occasion),
    copyRows: () => bench.copyRows(wishedBy(ground.reader.read(folder, world.files))),
    candidates: () => targetCandidates(folder, options, world),
    async status(signal) {
      const view = await look(ground, signal);
      keepApplied(ground, view);
      return statusOf(view, wholeFolder(ground, view.live));
    },
    check(wanted, onFile, signal) {
      const laps = new Laps<CheckRoom>('turn');
      if (!isOfEditor(wanted))
        return bench.turns.soon(() =>
          noting(ground, onFile, (tell) => check(ground, wanted, tell, laps, signal), signal),
        );
      return bench.turns.inPassing(
        (ending) => check(ground, wanted, onFile, laps, ending).finally(() => laps.enter('turn')),
        signal,
      );
    },
    rowsAtFault: async (rows, signal) => bench.rowAnswers.rowsAtFault(rows, signal),
    schema: (signal) => bench.turns.soon(() => bench.schemaText(signal)),
    bundle: (request, signal) => bench.turns.soon(() => bundle(ground, request, signal)),
    preview: (path, signal) => bench.turns.soon(() => previewFrom(ground, path, signal)),
    makeIdempotent: (path, signal) => bench.turns.soon(() => makeIdempotent(ground, path, signal)),
    verify: (request, onVerified, signal) =>
      request.inPassing
        ? bench.turns.inPassing((ending) => verify(ground, request, onVerified, ending), signal)
        : bench.turns.soon(() => verify(ground, request, onVerified, signal)),
    mayApply: (which, signal) => mayApply(ground, which, signal),
    mayRevert: (versions, signal) => mayRevert(ground, versions, signal),
    apply: (request, progress, signal) => bench.alone(() => apply(ground, request, { progress, signal })),
    revert: (request, progress, signal) => bench.alone(() => revert(ground, request, { progress, signal })),
    repairs: (signal) => repairs(ground, signal),
    repair: (chosen, consent, signal) => bench.alone(() => repair(ground, chosen, consent, signal)),
    appliedText: (path, signal) => appliedText(ground, path, signal),
    async drift(signal, occasion = 'asked') {
      if (occasion === 'passing') return bench.turns.whenIdle((ending) => driftOf(ground, ending), signal);
      await bench.refreshIfMoved(occasion);
      return bench.turns.soon(() => driftOf(ground, signal));
    },
    async driftScript(way, ids, signal) {
      await bench.refreshIfMoved('asked');
      return bench.turns.soon(async () => (shown.script = await driftScript(ground, way, ids, signal)));
    },
    writeDriftMigration: (script, title) => writeDriftMigration(ground, script, title),
    recordApplied: (path, consent, signal) => bench.alone(() => recordApplied(ground, path, consent, signal)),
    undoDrift: (request, progress, signal) =>
      bench.alone(() => undoDrift(ground, request, shown, { progress, signal })),
    ignoreDrift: (objects, reason) => ignoreDrift(ground, objects, reason),
    keptSql: (version, signal) => keptSql(ground, version, signal),
    movedEdit: (path, signal) => movedEdit(ground, path, signal),
    renames(path) {
      const migration = folder.migrations.find(({ upPath, downPath }) => upPath === path || downPath === path);
      return migration ? renamesOf(ground, migration) : [];
    },
    branches: (signal) => branches(ground, signal),
    switchBranch: (request, signal) => bench.alone(() => switchBranch(ground, request, signal)),
    snapshots: (signal) => snapshots(ground, signal),
    snapshot: (request, signal) => bench.alone(() => snapshot(ground, request, signal)),
    deleteSnapshot: (id, consent, signal) => bench.turns.soon(() => deleteSnapshot(ground, id, consent, signal)),
    snapshotForecast: (form, signal) => snapshotForecast(ground, form, signal),
    markSnapshot: (id, mark, consent, signal) =>
      bench.turns.soon(() => markOneSnapshot(ground, id, mark, consent, signal)),
    compareSnapshots: (id, other, signal) => bench.turns.soon(() => compare(ground, id, other, signal)),
    restore: (id, request, signal) => bench.alone(() => restore(ground, id, request, signal)),
    tablesSince: (id, signal) => bench.turns.soon(() => tablesSince(ground, id, signal)),
    snapshotTables: (id, signal) => bench.turns.soon(() => snapshotTables(ground, id, signal)),
    restoreTables: (id, tables, consent, signal) =>
      bench.alone(() => restoreTables(ground, id, tables, consent, signal)),
    trial: (request, progress, signal) => trial(ground, request, { progress, signal }),
    trials: (signal) => trials(ground, signal),
    deleteTrial: (name, consent, signal) => deleteTrial(ground, name, consent, signal),
    psqlFor: (name) => psqlFor(ground, name),
    create: (title) => createMigration(ground, title),
  };
}
