/** A rehearsal on the command line: how far it is while it runs, and what came of it. */
import type { Check, FileCheck, Project, Wanted } from '../engine/project';
import type { Call } from './commands/command';
import { some } from './render/words';

export interface Rehearsed {
  readonly project: Project;
  readonly check: Check;
  readonly files: readonly FileCheck[];
}

/** @param onFile called once for each file, as soon as it is known */
export async function rehearse(
  project: Project,
  wanted: Wanted,
  { terminal, signal }: Call,
  onFile: (file: FileCheck) => void,
): Promise<Rehearsed> {
  // By path: when a shadow is lost on the way, the next one tells again what was told already.
  const files = new Map<string, FileCheck>();
  const take = (file: FileCheck) => {
    if (files.has(file.path)) return;
    files.set(file.path, file);
    onFile(file);
    terminal.progress(`Rehearsed ${some(migrationsIn(project, [...files.values()]), 'migration')}…`);
  };
  const check = await project.check(wanted, take, signal);
  terminal.progress(undefined);
  return { project, check, files: [...files.values()] };
}

/** An up and a down file are one migration; two up files of one version are two. */
export function migrationsIn({ folder }: Project, files: readonly FileCheck[]): number {
  const paths = new Set(files.map(({ path }) => path));
  const isIn = (path: string | undefined): boolean => path !== undefined && paths.has(path);
  return folder.migrations.filter(({ upPath, downPath }) => isIn(upPath) || isIn(downPath)).length;
}

export const hasErrors = (files: readonly FileCheck[]): boolean =>
  files.some(({ findings }) => findings.some(({ severity }) => severity === 'error'));

/** Where, with the version of the server, which decides what Postgres says. */
export const placeOf = ({ rehearsedOn, serverVersion }: Check): string =>
  rehearsedOn.includes(serverVersion) ? rehearsedOn : `${rehearsedOn} (PostgreSQL ${serverVersion})`;
