/**
 * Changelogs that name other files, in XML, YAML and JSON: what they say of the order.
 *
 * Facts from liquibase/liquibase (2026-08): changelog/DatabaseChangeLog.java (include, includeAll).
 */
import { posix } from 'node:path';
import { fieldsOf } from '../base/json';
import type { FolderContents } from './layout';
import type { Condition } from './liquibaseContexts';
import { yamlValues } from '../base/yaml';

export interface Changelog {
  /** Relative to the folder, in the order of their changesets; changelogs with changesets of their own among them. */
  readonly files: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
  /** What is included and lies too far away to be of the project. */
  readonly beyond: readonly string[];
  /** Of the includes around a file, by its path, outermost first. */
  readonly conditions: ReadonlyMap<string, readonly Condition[]>;
}

/** A changeset that only Liquibase can run. */
export interface ForeignChangeset extends Condition {
  readonly id: string;
  readonly author: string;
  readonly dbms: string;
}

/** What a changelog holds, in its order. */
type Entry =
  | (Condition & { readonly kind: 'include' | 'includeAll'; readonly path: string; readonly relative: boolean })
  | { readonly kind: 'property'; readonly name: string; readonly value: string }
  | (ForeignChangeset & { readonly kind: 'changeset' });

/** @param name of a changelog, relative to the folder */
export function changelogFrom(folder: FolderContents, name: string): Changelog {
  const files = new Set<string>();
  const properties = new Map<string, string>();
  const conditions = new Map<string, readonly Condition[]>();
  const beyond: string[] = [];
  const take = (file: string, around: readonly Condition[]): void => {
    if (conditions.has(file)) return;
    conditions.set(file, around);
    if (isTooFar(file)) {
      beyond.push(file);
      return;
    }
    if (!isChangelog(file)) {
      files.add(file);
      return;
    }
    for (const entry of entriesIn(file, folder.read(file) ?? '')) {
      if (entry.kind === 'changeset') files.add(file);
      else if (entry.kind === 'property') properties.set(entry.name, properties.get(entry.name) ?? entry.value);
      else {
        const place = placeOf(folder, file, entry.path, entry.relative);
        const within = [...around, entry];
        for (const each of entry.kind === 'include' ? [place] : allIn(folder, place)) take(each, within);
      }
    }
  };
  take(name, []);
  return { files: [...files], properties, conditions, beyond };
}

/** The changelog that is included by no other one of the folder. */
export function rootIn(folder: FolderContents): string | undefined {
  const found = folder.names.filter(
    (name) =>
      isChangelog(name) && /change-?log|master|liquibase/i.test(name) && hasIncludes(name, folder.read(name) ?? ''),
  );
  const included = new Set(found.flatMap((name) => changelogFrom(folder, name).files.filter((it) => it !== name)));
  const roots = found.filter((name) => !included.has(name));
  return roots.find((name) => /master|root/i.test(name)) ?? roots[0];
}

export const isChangelog = (file: string): boolean => /\.(?:xml|ya?ml|json)$/i.test(file);

/** Whether it is one of Liquibase's that names other files. */
export const hasIncludes = (file: string, text: string): boolean =>
  /databaseChangeLog/.test(text) &&
  entriesIn(file, text).some(({ kind }) => kind === 'include' || kind === 'includeAll');

/** Those that only Liquibase can run. */
export const changesetsIn = (file: string, text: string): readonly ForeignChangeset[] =>
  entriesIn(file, text).flatMap((it) => (it.kind === 'changeset' ? [it] : []));

function entriesIn(file: string, text: string): readonly Entry[] {
  return /\.xml$/i.test(file) ? xmlEntries(text) : yamlEntries(text);
}

function xmlEntries(text: string): Entry[] {
  return [...withoutComments(text).matchAll(/<(include|includeAll|property|changeSet)\b([^<>]*)>/g)].flatMap(
    ([, kind, rest = '']) => {
      const given = new Map(
        [...rest.matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
      );
      return entryOf(kind ?? '', (name) => given.get(name));
    },
  );
}

/** What is not closed is left: an expression would look for its end from each beginning anew. */
function withoutComments(text: string): string {
  const last = text.lastIndexOf('-->');
  return text.slice(0, last + 3).replaceAll(/<!--[^]*?-->/g, '') + text.slice(last + 3);
}

function yamlEntries(text: string): Entry[] {
  const list = at(yamlValues(text)[0], 'databaseChangeLog');
  return (Array.isArray(list) ? list : []).flatMap((item: unknown) =>
    ['include', 'includeAll', 'property', 'changeSet'].flatMap((kind) => {
      const inner = at(item, kind);
      return inner === undefined ? [] : entryOf(kind, (name) => wordOf(at(inner, name)));
    }),
  );
}

const at = (value: unknown, name: string): unknown => fieldsOf(value).get(name);

const wordOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;

function entryOf(kind: string, given: (name: string) => string | undefined): Entry[] {
  const relative = given('relativeToChangelogFile') === 'true';
  const condition = { context: given('contextFilter') ?? given('context') ?? '', labels: given('labels') ?? '' };
  const path = given(kind === 'includeAll' ? 'path' : 'file');
  switch (kind) {
    case 'include':
    case 'includeAll':
      return path === undefined ? [] : [{ kind, path, relative, ...condition }];
    case 'property': {
      const [name, value] = [given('name'), given('value')];
      return name === undefined || value === undefined ? [] : [{ kind, name, value }];
    }
    default:
      return [
        {
          kind: 'changeset',
          id: given('id') ?? '',
          author: given('author') ?? '',
          dbms: given('dbms') ?? '',
          ...condition,
        },
      ];
  }
}

/** From a changelog's word to a path in the folder: it counts from the changelog, or from where Liquibase searches. */
function placeOf(folder: FolderContents, changelog: string, path: string, relative: boolean): string {
  const plain = path
    .replace(/^classpath\*?:/, '')
    .replaceAll('\\', '/')
    .replace(/\/+$/, '');
  const beside = posix.normalize(posix.join(posix.dirname(changelog), plain));
  if (relative) return beside;
  const parts = plain.replace(/^\/+/, '').split('/');
  const own = folder.path.replaceAll('\\', '/');
  const known = parts.findLastIndex((_, index) => own.endsWith(`/${parts.slice(0, index + 1).join('/')}`));
  const below = posix.normalize(parts.slice(known + 1).join('/') || '.');
  const isThere = (it: string): boolean => folder.read(it) !== undefined || folder.list(it).length > 0;
  return [below, beside].find(isThere) ?? below;
}

/** Changelogs of a folder and those below, by their paths; none where it leads to what holds the whole project. */
const allIn = (folder: FolderContents, path: string, depth = 0): string[] => {
  if (depth > deepest || isTooFar(path)) return [];
  return folder
    .list(path)
    .flatMap((name) => {
      const inner = posix.normalize(posix.join(path, name.replace(/\/$/, '')));
      if (name.endsWith('/')) return name.startsWith('.') ? [] : allIn(folder, inner, depth + 1);
      return /\.(?:sql|xml|ya?ml|json)$/i.test(name) ? [inner] : [];
    })
    .toSorted();
};

const isTooFar = (path: string): boolean => path.startsWith('../'.repeat(farthest + 1).slice(0, -1));

const deepest = 8;
/** Folders above that of the changelog. */
const farthest = 2;
