/** Code lenses above the up script: what the rehearsal said, and the commands for this migration. */
import { type CodeLens, type Command, type Range } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import { lineIndex, withoutMark } from '../engine/base/text';
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import { fileOf } from '../engine/layouts/migration';
import { statementsIn } from '../engine/layouts/statements';
import { type FileCheck, isOwnError, type MigrationState, type Project, type Status } from '../engine/project';
import { type VerdictKind, verdictWords } from '../engine/verification';
import type { Files } from '../engine/world';
import type { CheckState } from './checkStates';
import type { Feature } from './feature';
import { reply } from './reply';
import { pathOf } from './uri';

export const codeLens: Feature = {
  capabilities: { codeLensProvider: { resolveProvider: false } },

  attach(connection, workspace, documents, checks) {
    connection.onCodeLens(
      reply(async ({ textDocument: { uri } }) => {
        const path = pathOf(uri);
        const document = documents.get(uri);
        const project = path === undefined ? undefined : await workspace.projectOf(path);
        if (path === undefined || !document || !project) return null;
        const line = upLine(project, path, withoutMark(document.getText()), workspace.files);
        const standing = workspace.ours
          ? standingOf(project, path, await statusOrNone(workspace.status(project)), workspace.files)
          : undefined;
        const isProgram = project.folder.asked?.has(path) === true;
        const verified = checks.verdicts.of(path);
        return [
          ...lensesOf(uri, line, checks.states.of(uri), standing),
          ...(standing && verified ? [verdictLens(uri, line, verified.verdict.kind)] : []),
          ...(isProgram ? sqlLens(uri, line) : []),
        ];
      }),
    );
  },
};

/** How a migration stands to its target, as far as it is known. */
export interface Standing {
  readonly state: MigrationState | 'unknown';
  /** The newest applied one, with a down script that takes it back. */
  readonly revertible: boolean;
  readonly target: string;
  readonly local: boolean;
  /** The file holds the down script only: Apply above it would read as if it ran that. */
  readonly downOnly: boolean;
}

/**
 * Pure, so that tests need no connection.
 *
 * @param standing undefined for an editor that does not know our commands: it is only told about the rehearsal
 */
export function lensesOf(
  uri: string,
  line: number,
  check: CheckState | undefined,
  standing: Standing | undefined,
): CodeLens[] {
  const range: Range = { start: { line, character: 0 }, end: { line, character: 0 } };
  const command = (title: string, name: string): Command => ({ title, command: name, arguments: name ? [uri] : [] });
  const commands = [command(rehearsalTitle(check), standing ? 'rehearsal.rehearse' : '')];
  if (standing) {
    commands.push(command('Preview', 'rehearsal.previewChanges'));
    const [title, name] = applyTitle(standing);
    if (title !== '') commands.push(command(title, name));
    if (standing.revertible) commands.push(command('Revert', 'rehearsal.revertLast'));
  }
  return commands.map((it) => ({ range, command: it }));
}

/** For an editor that knows our commands or not: what the file stands for is told in its own words. */
const sqlLens = (uri: string, line: number): CodeLens[] => [
  {
    range: { start: { line, character: 0 }, end: { line, character: 0 } },
    command: { title: 'SQL', command: 'rehearsal.showSql', arguments: [uri] },
  },
];

/** What leads back can be tried again; for all else a way back is looked for. */
const verdictLens = (uri: string, line: number, kind: VerdictKind): CodeLens => ({
  range: { start: { line, character: 0 }, end: { line, character: 0 } },
  command: {
    title: `Down: ${verdictWords[kind]}`,
    command: ['exact', 'loses', 'untried'].includes(kind) ? 'rehearsal.verifyDown' : 'rehearsal.writeDown',
    arguments: [uri],
  },
});

function rehearsalTitle(check: CheckState | undefined): string {
  switch (check?.kind) {
    case undefined:
      return 'Rehearsing…';
    case 'running':
      return check.before ? resultTitle(check.before) : 'Rehearsing…';
    case 'rehearsed':
      return resultTitle(check.check);
    case 'failed':
      return 'Not rehearsed';
  }
}

function resultTitle({ ms, rehearsedOn, statements, findings }: FileCheck): string {
  if (statements === 0 && findings.length === 0) return 'Nothing to rehearse';
  const errors = findings.filter(isOwnError).length;
  const refused = errors === 0 ? '' : `, ${errors} refused`;
  // What stands behind the place, such as whose schema it has, is too long for a line: the status item tells it.
  const [place = rehearsedOn] = rehearsedOn.replace(/ on \S+ \((.*?)\)/, ' ($1)').split(',', 1);
  return `Rehearsed in ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms on ${place}${refused}`;
}

function applyTitle({ state, target, local, downOnly }: Standing): readonly [title: string, command: string] {
  switch (state) {
    case 'pending':
      if (downOnly) return ['', ''];
      return [local ? 'Apply' : `Apply to ${target}…`, 'rehearsal.apply'];
    case 'applied':
      return ['Applied', ''];
    case 'edited':
      return ['Edited after it was applied', ''];
    case 'skipped':
      return ['The tool will not run it', ''];
    case 'missing':
    case 'unknown':
      return ['', ''];
  }
}

function standingOf(project: Project, path: string, status: Status | undefined, files: Files): Standing {
  const { target } = project;
  const index = status?.migrations.findIndex(
    ({ migration }) => migration?.upPath === path || migration?.downPath === path,
  );
  const newest = status?.migrations.findLastIndex(({ state }) => state === 'applied' || state === 'edited');
  const found = index === undefined ? undefined : status?.migrations[index];
  return {
    state: found?.state ?? 'unknown',
    revertible: index === newest && hasDownScript(project, found?.migration?.downPath, files),
    target: target.label,
    local: target.local,
    downOnly: found?.migration !== undefined && found.migration.upPath !== path,
  };
}

/** Without a statement in it there is nothing to revert by. */
function hasDownScript({ folder }: Project, path: string | undefined, files: Files): boolean {
  const text = path === undefined ? undefined : unlessUnreadable(() => files.read(path));
  if (path === undefined || text === undefined) return false;
  const { scripts } = fileOf(folder, path, text, files);
  return scripts.some((it) => it.direction === 'down' && statementsIn(text, it).length > 0);
}

/** A target that does not answer is told of by the check and the lists; the lenses go without. */
async function statusOrNone(asked: Promise<Status>): Promise<Status | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Line of the up script's first statement, counted from 0; the first line in a file with a down script only. */
function upLine({ folder }: Project, path: string, text: string, files: Files): number {
  const up = fileOf(folder, path, text, files).scripts.find(({ direction }) => direction === 'up');
  if (!up) return 0;
  const firstToken = text.slice(up.range.start, up.range.end).search(/\S/);
  return lineIndex(text)(up.range.start + Math.max(0, firstToken)).line;
}
