/**
 * Until 27 November 2026 builds of 0.1.0 remembered what was applied by the name of the target, and kept it beside what is
 * remembered of databases now: texts in `applied/<target and folder>.json`, files in `kept/<target and table>/`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../base/digest';
import { moveDurably, unlessMissing } from '../base/durable';

export interface Former {
  readonly targetId: string;
  readonly folder: string;
  /** Of the history. */
  readonly table: string;
}

/**
 * Moves it to the database that is the target now, file by file, so that it does not matter who else does so, or where it
 * is cut off. A copy would come back with every database that gets the name of the target later.
 *
 * @param to where the texts and the kept files are now
 * @throws {Fault} `disk-full`, `not-writable`
 */
export function takeOver(
  storage: string,
  { targetId, folder, table }: Former,
  to: { readonly texts: string; readonly kept: string },
): void {
  const texts = join(storage, 'applied', `${digest(targetId, folder)}.json`);
  if (existsSync(texts) && !existsSync(to.texts)) moveDurably(texts, to.texts);
  const kept = join(storage, 'kept', digest(targetId, table));
  const names = unlessMissing(() => readdirSync(kept)) ?? [];
  for (const name of names.filter((it) => it.endsWith('.json'))) moveDurably(join(kept, name), join(to.kept, name));
}

const digest = (...words: readonly string[]): string => sha256(words.join('\n')).slice(0, 24);
