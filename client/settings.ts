/** The settings of package.json as one typed value. */
import { resolve } from 'node:path';
import { type ConfigurationScope, workspace } from 'vscode';
import type { HintLevel, Settings } from '../server/protocol/messages';

/** Wrong types in a settings file count as not set: the file belongs to the user and may hold anything. */
export function readSettings(): Settings {
  return {
    folders: migrationFolders(),
    layout: text('layout', 'auto'),
    layouts: folderLayouts(),
    database: text('database', ''),
    shadow: text('shadow', 'auto'),
    shadowDataLimit: chosen('shadowDataLimit'),
    snapshotRetention: retention(),
    snapshotCompression: text('snapshotCompression', 'none') === 'gzip' ? 'gzip' : 'none',
    databasePerBranch: flag('databasePerBranch', false),
    postgresBinaries: texts('postgresBinaries'),
    python: text('python', ''),
    ruby: text('ruby', ''),
    statementTimeout: count('statementTimeout', 5_000),
    inlayHints: level(text('inlayHints', 'off')),
    requireIdempotent: demanded(),
    environments: environments(),
    rehearsalMaxAge: count('rehearsalMaxAge', 60),
  };
}

/** Absolute paths; each workspace folder may name its own. */
function migrationFolders(): string[] {
  const onDisk = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  return onDisk.flatMap(({ uri }) => texts('folders', uri).map((name) => resolve(uri.fsPath, name)));
}

/** By absolute path; as `folders`. */
function folderLayouts(): Record<string, string> {
  return byFolder('layouts', (it) => (typeof it === 'string' ? it : undefined));
}

/** For all folders, or by absolute path. */
function demanded(): boolean | Record<string, boolean> {
  if (read('requireIdempotent') === true) return true;
  return byFolder('requireIdempotent', (it) => (typeof it === 'boolean' ? it : undefined));
}

function byFolder<T>(name: string, typed: (value: unknown) => T | undefined): Record<string, T> {
  const onDisk = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  return Object.fromEntries(
    onDisk.flatMap(({ uri }) => {
      const value = read(name, uri);
      const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
      return entries.flatMap(([folder, it]: [string, unknown]) => {
        const said = typed(it);
        return said === undefined ? [] : [[resolve(uri.fsPath, folder), said]];
      });
    }),
  );
}

const level = (value: string): HintLevel => (value === 'compact' || value === 'full' ? value : 'off');

function text(name: string, otherwise: string): string {
  const value = read(name);
  return typeof value === 'string' ? value : otherwise;
}

function flag(name: string, otherwise: boolean): boolean {
  const value = read(name);
  return typeof value === 'boolean' ? value : otherwise;
}

function count(name: string, otherwise: number): number {
  const value = read(name);
  return typeof value === 'number' && value > 0 ? value : otherwise;
}

/** What is wrong with one is said by the server, where it is asked for. */
function environments(): Record<string, unknown> {
  const value = read('environments');
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Null where nobody has set it: to set it to its default means something, too. */
function chosen(name: string): number | null {
  const { globalValue, workspaceValue, workspaceFolderValue } =
    workspace.getConfiguration('rehearsal').inspect<unknown>(name) ?? {};
  const value = workspaceFolderValue ?? workspaceValue ?? globalValue;
  return typeof value === 'number' && value >= 0 ? value : null;
}

/** The server takes what is a number. */
function retention(): Settings['snapshotRetention'] {
  const value = read('snapshotRetention');
  return typeof value === 'object' && value !== null ? value : {};
}

function texts(name: string, scope?: ConfigurationScope): string[] {
  const value = read(name, scope);
  return Array.isArray(value) ? value.filter((it) => typeof it === 'string') : [];
}

const read = (name: string, scope?: ConfigurationScope): unknown =>
  workspace.getConfiguration('rehearsal', scope).get<unknown>(name);
