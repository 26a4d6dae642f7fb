/** What is done about drift: a migration is written of it, or it is undone on the target, as it was shown. */
import { join } from 'node:path';
import { recordMigrations } from '../apply/record';
import { runApart } from '../apply/apart';
import { Fault } from '../base/fault';
import { byPlace, edited } from '../base/text';
import { downTextOf } from '../layouts/downText';
import type { Skeleton } from '../layouts/layout';
import { fileOf } from '../layouts/migration';
import { statementsIn } from '../layouts/statements';
import type { ApplyResult, Consent, DriftScript, UndoDriftRequest } from '../project';
import { isOneTransaction } from '../scripting/provedScript';
import { statementsOf } from '../sql/scan';
import { type Asker, change, jobOf } from './changing';
import { newMigration, written } from './creating';
import { driftScript, type Scripted } from './driftScripts';
import type { Ground } from './ground';
import { look, recover } from './look';
import { demandConsent } from './consent';

/** Of the drift of one project, what was shown last. */
export type Shown = { script: Scripted | undefined };

/** @throws {Fault} `by-hand`, `not-writable`, `disk-full` */
export function writeDriftMigration(ground: Ground, { text, back }: DriftScript, title: string): string {
  const { folder, world } = ground;
  const { layout } = folder;
  if (layout.program) throw new Fault('by-hand', `migrations of ${layout.label} are programs.`);
  const skeleton = newMigration(ground, title);
  const home = skeleton.files[0]?.name ?? skeleton.opens ?? '';
  const filled = (files: Skeleton['files']) =>
    files.map((it) => (it.name === home ? { ...it, text: readable(ground, it, skeleton.cursor, text) } : it));
  const up = { ...skeleton, files: filled(skeleton.files), lists: filled(skeleton.lists ?? []) };
  const files = back ? withWayBack(ground, skeleton, up.files, back) : up.files;
  return written({ ...up, files }, folder.path, world.disk).path;
}

/** As they are where the tool has no place for it, or would read other statements there. */
function withWayBack(
  ground: Ground,
  skeleton: Skeleton,
  files: Skeleton['files'],
  statements: readonly string[],
): Skeleton['files'] {
  const { layout } = ground.folder;
  const [up, down] = [files[0], files.find(({ name }) => layout.readName(name)?.direction === 'down')].map(
    (it) => it && { fileName: it.name, text: it.text, scripts: readIn(ground, it.name)(it.text).scripts },
  );
  const made = up && downTextOf({ layout, skeleton, up, down }, statements);
  if (!made || 'because' in made.edit) return files;
  const { fileName, edit } = made;
  if (!holds(readIn(ground, fileName), edit.text, 'down', statements)) return files;
  return files.map((it) => (it.name === fileName ? { ...it, text: edit.text } : it));
}

type Reading = (text: string) => ReturnType<typeof fileOf>;

/** As its tool will read it when it is there. */
function readIn({ folder, world }: Ground, name: string): Reading {
  const path = join(folder.path, name);
  return (text) => fileOf(folder, path, text, { read: (at) => world.disk.read(at), isMarked: () => false });
}

/** Whether these are among the statements that the tool would run. */
function holds(read: Reading, text: string, direction: 'up' | 'down', statements: readonly string[]): boolean {
  const scripts = read(text).scripts.filter((it) => it.direction === direction);
  const found = scripts.flatMap((it) => statementsIn(text, it)).map((it) => it.text.trim());
  return statements.every((it) => found.includes(it.trim()));
}

/**
 * The file, with what its tool needs so that it reads the same statements: marks around bodies, for example.
 *
 * @throws {Fault} `by-hand`
 */
function readable(
  ground: Ground,
  { name, text: first }: Skeleton['files'][number],
  cursor: number,
  text: string,
): string {
  const read = readIn(ground, name);
  const behind = first.slice(cursor);
  let whole = first.slice(0, cursor) + (behind.startsWith('\n') ? text.trimEnd() : text) + behind;
  for (let tries = 0; tries < mostFixes; tries++) {
    const fix = read(whole).problems.find(({ severity, fixes }) => severity === 'error' && fixes?.length)?.fixes?.[0];
    if (!fix || fix.path !== undefined) break;
    whole = edited(whole, fix.edits.toSorted(byPlace));
  }
  const wanted = statementsOf(text).map((it) => it.text);
  if (holds(read, whole, 'up', wanted)) return whole;
  throw new Fault('by-hand', `${ground.folder.layout.label} would read other statements in ${name}.`);
}

/** A migration may have as many bodies that need marks. */
const mostFixes = 500;

/** Alone only. */
export async function recordApplied(
  ground: Ground,
  path: string,
  { confirmedName }: Consent,
  signal: AbortSignal,
): Promise<void> {
  const { bench, folder } = ground;
  if (folder.layout.program) throw new Fault('by-tool', `${folder.layout.label} records what is applied.`);
  const migration = folder.migrations.find(({ upPath }) => upPath === path);
  if (!migration) throw new Fault('no-such-migration', `${path} is the up file of no migration.`);
  demandConsent(bench.target, confirmedName);
  await recover(ground, signal);
  try {
    await recordMigrations(jobOf(ground, { progress: () => {}, signal }), [migration.version]);
  } finally {
    bench.refresh();
  }
}

/** Alone only. @throws {Fault} `history-moved` when the schema is another one than what was shown */
export async function undoDrift(
  ground: Ground,
  request: UndoDriftRequest,
  shown: Shown,
  asker: Asker,
): Promise<ApplyResult> {
  const { bench } = ground;
  demandConsent(bench.target, request.confirmedName);
  bench.refresh();
  const { live } = await look(ground, asker.signal);
  const script = await asShown(ground, request, shown, asker.signal);
  const wishes = { ...request, reason: 'before undoing drift' };
  return change(ground, live, wishes, asker, (job) =>
    runApart(job, { what: 'the undoing of its drift', text: script.text, together: isOneTransaction(script.script) }),
  );
}

async function asShown(
  ground: Ground,
  { ids, text }: UndoDriftRequest,
  { script: last }: Shown,
  signal: AbortSignal,
): Promise<Scripted> {
  const isLast = last?.way === 'undo' && last.text === text && last.found === (await ground.bench.liveDump(signal));
  const script = isLast ? last : await driftScript(ground, 'undo', ids, signal);
  if (script.text === text) return script;
  throw new Fault('history-moved', 'The schema is another one than what was shown. Nothing was undone.');
}
