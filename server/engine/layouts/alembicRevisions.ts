/** The revisions of Alembic as their files tell of themselves, before Alembic was asked: which stands upon which? */
import type { AlembicPlaces } from './alembicConfig';
import type { FolderContents, FoundFile, MigrationName } from './layout';

export interface AlembicRevision {
  readonly fileName: string;
  readonly revision: string;
  /** Those that it stands upon, or depends on. */
  readonly below: readonly string[];
  readonly title: string;
}

/** In an order in which each stands behind those that it needs; within that by name. */
export function revisionsIn(folder: FolderContents, { versions, isRecursive }: AlembicPlaces): AlembicRevision[] {
  const files = versions.flatMap((at) => filesBelow(folder, at, isRecursive ? deepest : 0));
  const open = files.flatMap((fileName) => revisionOf(fileName, folder.read(fileName) ?? '') ?? []);
  const known = new Set(open.map(({ revision }) => revision));
  const ordered: AlembicRevision[] = [];
  const done = new Set<string>();
  for (let rest = open; rest.length > 0; ) {
    const ready = rest.filter(({ below }) => below.every((it) => done.has(it) || !known.has(it)));
    // Of a circle, which Alembic refuses, any order will do.
    const next = ready.length > 0 ? ready : rest;
    ordered.push(...next);
    for (const { revision } of next) done.add(revision);
    rest = rest.filter((it) => !next.includes(it));
  }
  return ordered;
}

/** Revisions upon which none stands. */
export function headsOf(revisions: readonly AlembicRevision[]): readonly AlembicRevision[] {
  const below = new Set(revisions.flatMap((it) => it.below));
  return revisions.filter(({ revision }) => !below.has(revision));
}

export const foundIn = (revisions: readonly AlembicRevision[]): FoundFile[] =>
  revisions.map(({ fileName, revision, title }, index) => ({
    fileName,
    name: nameOf(revision, title, String(index).padStart(8, '0')),
  }));

/** @param fileName relative; undefined for what is none of Alembic's revisions */
export function nameOfFile(fileName: string): MigrationName | undefined {
  const [, stem] = /(?:^|\/)([^/]+)\.py$/.exec(fileName) ?? [];
  if (stem === undefined || !isRevisionFile(`${stem}.py`)) return undefined;
  const [, revision, title] = /(?:^|[-_])([0-9a-f]{12})(?:_(.*))?$/.exec(stem) ?? [];
  if (revision === undefined && !/(?:^|\/)versions\//.test(fileName)) return undefined;
  return nameOf(revision ?? stem, (title ?? stem).replaceAll('_', ' ').trim(), stem);
}

const nameOf = (version: string, title: string, order: string): MigrationName => ({
  version,
  digits: '',
  order,
  title,
  direction: 'both',
});

/** With `recursive_version_locations` there are folders for years and months. */
const deepest = 4;

function filesBelow(folder: FolderContents, at: string, levels: number): string[] {
  const names = at === '' ? folder.names : folder.list(at);
  return names.flatMap((name) => {
    if (name.endsWith('/'))
      return levels > 0 && name !== '__pycache__/' ? filesBelow(folder, at + name, levels - 1) : [];
    return isRevisionFile(name) ? [at + name] : [];
  });
}

/** As alembic/script/base.py has it. */
const isRevisionFile = (name: string): boolean => /^(?!\.#|__init__).*\.py$/.test(name);

/** undefined where no revision is named, which Alembic refuses. */
function revisionOf(fileName: string, text: string): AlembicRevision | undefined {
  const [revision] = namesIn(text, 'revision');
  if (revision === undefined) return undefined;
  const [, title = ''] = /^(?:#[^\n]*\n|\s)*[rRuU]?(?:"""|''')\s*([^\n]*?)\s*(?:"""|'''|\n|$)/.exec(text) ?? [];
  const below = [...namesIn(text, 'down_revision'), ...namesIn(text, 'depends_on')];
  return { fileName, revision, below, title: title === '' ? (nameOfFile(fileName)?.title ?? '') : title };
}

/** The texts that a variable of the module is set to: `down_revision = ("ae1027a6acf", "27c6a30d7c24")`. */
function namesIn(text: string, variable: string): readonly string[] {
  const set = new RegExp(String.raw`^${variable}\s*(?::[^=\n]*)?=\s*(\([^)]*\)|\[[^\]]*\]|[^\n]*)`, 'm').exec(text);
  return [...(set?.[1] ?? '').matchAll(/(["'])([^"'\n]+)\1/g)].map(([, , name = '']) => name);
}
