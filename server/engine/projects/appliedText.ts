/** The text that was applied, for a file that was edited since. */
import { basename } from 'node:path';
import { Fault } from '../base/fault';
import { revisionsOf } from '../base/git';
import { wholeText } from '../base/text';
import type { AppliedText } from '../project';
import type { LiveDatabase } from './live';
import { appliedVariant } from './edits';
import type { Ground, SeenMigration } from './ground';
import { look } from './look';
import { isAsApplied, wholeUpText } from './states';

/**
 * Told by the digest that the history, or we, have kept of it: another way to write the same, what we have kept, or what
 * git has.
 *
 * @throws {Fault} `no-such-migration`, `not-edited`, `applied-text-unknown`, `no-git`, and as `status`
 */
export async function appliedText(ground: Ground, path: string, signal: AbortSignal): Promise<AppliedText> {
  const { live, migrations } = await look(ground, signal);
  const found = migrations.find(({ migration }) => migration.upPath === path);
  if (!found) throw new Fault('no-such-migration', `${basename(path)} is the up file of no migration.`);
  if (found.state !== 'edited')
    throw new Fault('not-edited', `${basename(path)} is as it was applied, or is not applied.`);
  return appliedTextOf(ground, found, live, signal);
}

/**
 * Of a migration that has an up file and was edited.
 *
 * @throws {Fault} `applied-text-unknown`, `no-git`
 */
export async function appliedTextOf(
  ground: Ground,
  found: SeenMigration,
  live: LiveDatabase,
  signal: AbortSignal,
): Promise<AppliedText> {
  const path = found.link.up.path;
  const isApplied = isAsApplied(ground, live, found.migration);
  const variant = appliedVariant(wholeUpText(found), isApplied);
  if (variant) return { text: variant.text, from: { kind: 'file', differsIn: variant.differsIn } };
  const kept = keptText(ground, found, live);
  if (kept !== undefined && isApplied(kept.text)) return kept;
  for await (const { commit, text } of revisionsOf(path, signal)) {
    // A checkout may have had other line ends than what was committed.
    const applied = isApplied(text) ? text : appliedVariant(text, isApplied)?.text;
    if (applied !== undefined) return { text: applied, from: { kind: 'git', commit } };
  }
  throw new Fault('applied-text-unknown', `No commit of ${basename(path)} holds what was applied.`);
}

/** Of a program SQL is kept, and not the file. */
function keptText({ folder }: Ground, found: SeenMigration, { remembered }: LiveDatabase): AppliedText | undefined {
  const kept = folder.layout.program ? undefined : remembered.kept.all().get(found.migration.version);
  return kept?.up && { text: wholeText(kept.up), from: { kind: 'kept', at: kept.kept } };
}
