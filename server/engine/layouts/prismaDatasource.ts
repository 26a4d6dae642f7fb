/**
 * What a project says of its database to Prisma: provider, and the variables with its URL.
 *
 * Prisma up to 6 takes both from the block `datasource` of the schema, where `directUrl` goes before `url` for
 * migrations; 7 takes the URL from `prisma.config.ts` (prisma/prisma: packages/config/src/PrismaConfig.ts).
 */
import type { FolderContents } from './layout';

export interface PrismaDatasource {
  readonly isForPostgres: boolean;
  /** Names of variables, the one that migrations go by first. */
  readonly variables: readonly string[];
}

/** @param folder that of the migrations */
export function prismaDatasource(folder: Pick<FolderContents, 'read' | 'list'>): PrismaDatasource {
  const blocks = schemaFiles(folder).flatMap((name) => datasource.exec(folder.read(name) ?? '')?.[1] ?? []);
  const configured = configFiles.flatMap((name) => variablesIn(folder.read(name) ?? '', configuredUrl));
  const written = blocks.flatMap((it) => [...variablesIn(it, directUrl), ...variablesIn(it, url)]);
  return {
    isForPostgres: blocks.some((it) => /^\s*provider\s*=\s*"postgres(?:ql)?"/m.test(it)),
    variables: [...new Set([...configured, ...written])],
  };
}

/** Beside the migrations, in one file or several. */
const schemaFiles = ({ list }: Pick<FolderContents, 'list'>): readonly string[] =>
  ['..', '../schema'].flatMap((folder) =>
    list(folder)
      .filter((name) => name.endsWith('.prisma'))
      .map((name) => `${folder}/${name}`),
  );

const configFiles = ['..', '../..', '../../..', '../../../..'].flatMap((folder) =>
  ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].flatMap((ending) => [
    `${folder}/prisma.config.${ending}`,
    `${folder}/.config/prisma.${ending}`,
  ]),
);

const datasource = /^[ \t]*datasource\s+\w+\s*\{([^}]*)\}/m;

const directUrl = /^\s*directUrl\s*=\s*env\(\s*"(\w+)"\s*\)/m;
const url = /^\s*url\s*=\s*env\(\s*"(\w+)"\s*\)/m;

const configuredUrl =
  /\bdatasource\b\s*:\s*\{[^}]*?\burl\s*:\s*(?:env(?:<[^>]*>)?\(\s*['"](\w+)|process\.env(?:\.(\w+)|\[\s*['"](\w+)))/;

function variablesIn(text: string, pattern: RegExp): string[] {
  const found = pattern.exec(text)?.slice(1).find(Boolean);
  return found === undefined ? [] : [found];
}
