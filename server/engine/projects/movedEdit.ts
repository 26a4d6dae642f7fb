/** An edit of an applied migration reaches no database that has it; as a migration of its own it does. */
import { basename, join } from 'node:path';
import { Fault } from '../base/fault';
import { contentsOf } from '../layouts/find';
import { fileOf, type Migration } from '../layouts/migration';
import { statementsIn } from '../layouts/statements';
import type { MovedEdit } from '../project';
import { normalForm } from '../sql/normalForm';
import { appliedText } from './appliedText';
import { namesOf } from './creating';
import type { Ground } from './ground';

/**
 * Nothing is written here.
 *
 * @throws {Fault} as appliedText; `not-edited` when no statement is another one
 */
export async function movedEdit(ground: Ground, path: string, signal: AbortSignal): Promise<MovedEdit> {
  const { folder, world } = ground;
  const applied = await appliedText(ground, path, signal);
  const migration = folder.migrations.find(({ upPath }) => upPath === path);
  const text = world.files.read(path) ?? '';
  const former = new Set(statements(ground, path, applied.text.replace(/^\uFEFF/, '')).map(normalForm));
  const changed = statements(ground, path, text).filter((it) => !former.has(normalForm(it)));
  if (changed.length === 0)
    throw new Fault('not-edited', `Nothing but white space and comments of ${basename(path)} was edited.`);
  const title = `${migration?.title ?? ''} again`.trim();
  const {
    files,
    cursor,
    lists = [],
  } = folder.layout.skeleton(
    title,
    folder.migrations.flatMap((it: Migration) => namesOf(it)),
    world.now(),
    contentsOf(folder.path, world.files),
  );
  const body = changed.map((it) => `${it};\n`).join('\n');
  return {
    applied,
    files: files.map(({ name, text: first }, i) => ({
      path: join(folder.path, name),
      text: i === 0 ? first.slice(0, cursor) + body + first.slice(cursor) : first,
    })),
    lists: lists.map(({ name, text: whole }) => ({ path: join(folder.path, name), text: whole })),
  };
}

/** Those of the up script, as they are written. */
function statements({ folder, world }: Ground, path: string, text: string): readonly string[] {
  const files = { read: (it: string) => world.files.read(it), isMarked: () => false };
  return fileOf(folder, path, text, files)
    .scripts.filter(({ direction }) => direction === 'up')
    .flatMap((script) => statementsIn(text, script).map(({ range }) => text.slice(range.start, range.end)));
}
