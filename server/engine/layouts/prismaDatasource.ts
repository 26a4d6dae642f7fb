/**
 * What a project says of its database to Prisma: provider, and the variables with its URL.
 *
 * Prisma up to 6 takes both from the block `datasource` of the schema, where `directUrl` goes before `url` for
 * migrations; 7 takes the URL from `prisma.config.ts` (prisma/prisma: packages/config/src/PrismaConfig.ts).
 */
import { dirname, resolve } from 'node:path';
import { foldersAbove } from './above';
import type { FolderContents } from './layout';

export interface PrismaDatasource {
  readonly isForPostgres: boolean;
  /** Names of variables, the one that migrations go by first. */
  readonly variables: readonly string[];
  /** Whether a configuration names another folder for the migrations. */
  readonly isElsewhere: boolean;
}

/** @param folder that of the migrations */
export function prismaDatasource(folder: FolderContents): PrismaDatasource {
  const blocks = schemaFiles(folder).flatMap((name) => blocksIn(folder.read(name) ?? '', datasource)[0] ?? []);
  const configured = configFiles.flatMap((name) =>
    blocksIn(folder.read(name) ?? '', configuredSource)
      .flatMap((it) => variablesIn(it, configuredUrl))
      .slice(0, 1),
  );
  const written = blocks.flatMap((it) => [...variablesIn(it, directUrl), ...variablesIn(it, url)]);
  return {
    isForPostgres: blocks.some((it) => /^[ \t]*provider\s*=\s*"postgres(?:ql)?"/m.test(it)),
    variables: [...new Set([...configured, ...written])],
    isElsewhere: configFiles.some((name) => namesAnother(folder, name)),
  };
}

/** Beside the migrations, in one file or several. */
const schemaFiles = ({ list }: Pick<FolderContents, 'list'>): readonly string[] =>
  ['..', '../schema'].flatMap((folder) =>
    list(folder)
      .filter((name) => name.endsWith('.prisma'))
      .map((name) => `${folder}/${name}`),
  );

const configFiles = foldersAbove(4).flatMap((up) =>
  ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].flatMap((ending) => [
    `${up}prisma.config.${ending}`,
    `${up}.config/prisma.${ending}`,
  ]),
);

/** Where all this is said, as far as the names of the files are known. */
export const configurationFiles: readonly string[] = ['../schema.prisma', ...configFiles];

function namesAnother({ path, read }: FolderContents, config: string): boolean {
  const named = blocksIn(read(config) ?? '', migrations)
    .map((it) => migrationsPath.exec(it)?.[1])
    .find((it) => it !== undefined);
  return named !== undefined && resolve(path, dirname(config), named) !== resolve(path);
}

const migrations = /\bmigrations\b\s*:\s*\{/;
const migrationsPath = /\bpath\s*:\s*['"]([^'"]+)['"]/;

const datasource = /^[ \t]*datasource\s+\w+\s*\{/m;

const directUrl = /^[ \t]*directUrl\s*=\s*env\(\s*"(\w+)"\s*\)/m;
const url = /^[ \t]*url\s*=\s*env\(\s*"(\w+)"\s*\)/m;

const configuredSource = /\bdatasource\b\s*:\s*\{/;
const configuredUrl = /\burl\s*:\s*(?:env(?:<[^>\n]{0,200}>)?\(\s*['"](\w+)|process\.env(?:\.(\w+)|\[\s*['"](\w+)))/;

/** What stands behind each such beginning, up to the next brace that closes; none lies in another. */
function blocksIn(text: string, beginning: RegExp): readonly string[] {
  const blocks: string[] = [];
  const next = new RegExp(beginning, `g${beginning.flags}`);
  while (next.exec(text)) {
    const start = next.lastIndex;
    const close = text.indexOf('}', start);
    next.lastIndex = close < 0 ? text.length : close;
    blocks.push(text.slice(start, next.lastIndex));
  }
  return blocks;
}

function variablesIn(text: string, pattern: RegExp): string[] {
  const found = pattern.exec(text)?.slice(1).find(Boolean);
  return found === undefined ? [] : [found];
}
