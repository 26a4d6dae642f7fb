/** Runs migrations as the engine does, no more than a history's test needs: script, and history around it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { History } from '../../server/engine/history/history';
import type { Session } from '../../server/engine/database/session';
import { layouts } from '../../server/engine/layouts/all';
import { readFolder } from '../../server/engine/layouts/find';
import type { MigrationFolder } from '../../server/engine/layouts/migration';
import { filesOf } from './files';

/** The files stand on the disk, for the real tool, and are read from memory. */
export function folderOf(folder: string, layout: string, texts: Readonly<Record<string, string>>): MigrationFolder {
  const path = join(folder, 'migrations');
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(path, name), text);
  const files = Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${path}/${name}`, text]));
  return readFolder(
    path,
    filesOf(files),
    layouts.find(({ name }) => name === layout),
  );
}

/**
 * One migration, one direction, under the lock.
 *
 * @returns the SQLSTATE when Postgres refused the script
 */
export function step(
  session: Session,
  history: History,
  { migrations, layout }: MigrationFolder,
  version: string,
  direction: 'up' | 'down',
  texts: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const at = migrations.findIndex((it) => it.version === version);
  const migration = migrations[at]!;
  const name = (direction === 'up' ? migration.upPath : migration.downPath)?.replace(/.*[/\\]/, '');
  const text = texts[name ?? ''] ?? '';
  const script = layout.read(name ?? '', text).scripts.find((it) => it.direction === direction);
  const around = {
    migration,
    previous: migrations[at - 1],
    script: { direction },
    upText: text,
    statements: [],
    read: () => undefined,
    ms: 1.4,
  };
  return history.withLock(session, 1_000, async () => {
    await history.before?.(session, around);
    const sql = text.slice(script?.range.start, script?.range.end);
    const inTransaction = script?.mode === 'transaction';
    if (inTransaction) await session.run('begin');
    const answer = script ? await session.run(sql) : undefined;
    if (answer?.kind === 'refused') {
      if (inTransaction) await session.run('rollback');
      return answer.refusal.sqlState;
    }
    await history.after(session, around);
    if (inTransaction) await session.run('commit');
    return undefined;
  });
}
