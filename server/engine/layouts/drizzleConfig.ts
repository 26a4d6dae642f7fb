/**
 * What drizzle.config.ts says, as far as it says it in plain literals: nothing of it is run.
 *
 * Facts from drizzle-team/drizzle-orm: drizzle-kit/src/cli/validations/common.ts and outputs.ts.
 */
import { posix } from 'node:path';
import { foldersAbove } from './above';
import type { FolderContents, ToolSettings } from './layout';

export interface DrizzleConfig {
  readonly dialect: string | undefined;
  /** Of the history; undefined where it is the tool's own. */
  readonly table: string | undefined;
  readonly schema: string | undefined;
}

/** Where it may lie: beside what holds the folder of migrations, some levels up. */
export const configurationFiles: readonly string[] = foldersAbove(4).flatMap((up) =>
  ['drizzle.config.ts', 'drizzle.config.js', 'drizzle.config.mjs', 'drizzle.config.json'].map((name) => `${up}${name}`),
);

/** @returns undefined when none is for this folder, which it names as `out` */
export function configFor({
  path,
  read,
}: Pick<FolderContents, 'path' | 'read'> | ToolSettings): DrizzleConfig | undefined {
  const folder = path.replaceAll('\\', '/');
  for (const name of configurationFiles) {
    const text = read(name);
    if (text === undefined) continue;
    const code = withoutComments(text);
    const root = posix.join(folder, posix.dirname(name));
    const out = literalIn(code, 'out') ?? 'drizzle';
    if (posix.join(root, out).replace(/\/$/, '') !== folder) continue;
    const [, migrations = ''] = /["']?\bmigrations["']?\s*:\s*\{([^{}]*)\}/.exec(code) ?? [];
    return {
      dialect: literalIn(code, 'dialect'),
      table: literalIn(migrations, 'table'),
      schema: literalIn(migrations, 'schema'),
    };
  }
  return undefined;
}

function literalIn(code: string, key: string): string | undefined {
  const [, , value] =
    new RegExp(`(?<![\\w$.])["']?${key}["']?\\s*:\\s*(["'\`])((?:(?!\\1)[^\\\\\\n$])*)\\1`).exec(code) ?? [];
  return value === '' ? undefined : value;
}

/** What does not end goes to the end, so that nothing is looked at twice. */
const withoutComments = (text: string): string =>
  text.replaceAll(
    /("(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?)|\/\/[^\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*)/g,
    (_, literal: string | undefined) => literal ?? ' ',
  );
