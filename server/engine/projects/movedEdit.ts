/** An edit of an applied migration reaches no database that has it; as a migration of its own it does. */
import { basename, join } from 'node:path';
import { Fault } from '../base/fault';
import { withoutMark } from '../base/text';
import { fileOf } from '../layouts/migration';
import { statementsIn } from '../layouts/statements';
import type { MovedEdit } from '../project';
import { normalForm } from '../sql/normalForm';
import { appliedText } from './appliedText';
import { newMigration } from './creating';
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
  const former = new Set(statements(ground, path, withoutMark(applied.text)).map(normalForm));
  const changed = statements(ground, path, text).filter((it) => !former.has(normalForm(it)));
  if (changed.length === 0)
    throw new Fault('not-edited', `Nothing but white space and comments of ${basename(path)} was edited.`);
  const title = `${migration?.title ?? ''} again`.trim();
  const { files, opens, cursor, lists = [] } = newMigration(ground, title);
  const body = changed.map((it) => `${it};\n`).join('\n');
  const home = files[0]?.name ?? opens;
  const filled = ({ name, text: first }: (typeof files)[number]) => ({
    path: join(folder.path, name),
    text: name === home ? first.slice(0, cursor) + body + first.slice(cursor) : first,
  });
  return { applied, files: files.map(filled), lists: lists.map(filled) };
}

/** Those of the up script, as they are written. */
function statements({ folder, world }: Ground, path: string, text: string): readonly string[] {
  const files = { read: (it: string) => world.files.read(it), isMarked: () => false };
  return fileOf(folder, path, text, files)
    .scripts.filter(({ direction }) => direction === 'up')
    .flatMap((script) => statementsIn(text, script).map(({ range }) => text.slice(range.start, range.end)));
}
