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
  const blocks = schemaFiles(folder).flatMap((name) => datasource.exec(folder.read(name) ?? '')?.[1] ?? []);
  const configured = configFiles.flatMap((name) => variablesIn(folder.read(name) ?? '', configuredUrl));
  const written = blocks.flatMap((it) => [...variablesIn(it, directUrl), ...variablesIn(it, url)]);
  return {
    isForPostgres: blocks.some((it) => /^\s*provider\s*=\s*"postgres(?:ql)?"/m.test(it)),
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
export const prismaFiles: readonly string[] = ['../schema.prisma', ...configFiles];

function namesAnother({ path, read }: FolderContents, config: string): boolean {
  const [, named] = migrationsPath.exec(read(config) ?? '') ?? [];
  return named !== undefined && resolve(path, dirname(config), named) !== resolve(path);
}

const migrationsPath = /\bmigrations\b\s*:\s*\{[^}]*?\bpath\s*:\s*['"]([^'"]+)['"]/;

const datasource = /^[ \t]*datasource\s+\w+\s*\{([^}]*)\}/m;

const directUrl = /^\s*directUrl\s*=\s*env\(\s*"(\w+)"\s*\)/m;
const url = /^\s*url\s*=\s*env\(\s*"(\w+)"\s*\)/m;

const configuredUrl =
  /\bdatasource\b\s*:\s*\{[^}]*?\burl\s*:\s*(?:env(?:<[^>]*>)?\(\s*['"](\w+)|process\.env(?:\.(\w+)|\[\s*['"](\w+)))/;

function variablesIn(text: string, pattern: RegExp): string[] {
  const found = pattern.exec(text)?.slice(1).find(Boolean);
  return found === undefined ? [] : [found];
}
