/** Quick fixes of migrations that are out of order, have the version of another one, or were edited after they were applied. */
import type { CodeAction, Range, TextDocumentEdit, TextEdit, WorkspaceEdit } from 'vscode-languageserver/node';
import type { AppliedText, Finding, Project } from '../engine/project';
import { type Asked, fixOf } from './fixes';
import { touch } from './positions';
import { pathOf, uriOf } from './uri';
import type { Workspace } from './workspace';

/** What is found out only when the user takes it: `git` is asked for what was applied, or the file is run twice. */
export interface Deferred {
  readonly does: 'restore' | 'move' | 'idempotent';
  readonly uri: string;
  /** Of the document that the answer is for. */
  readonly version: number;
}

export const isDeferred = (data: unknown): data is Deferred =>
  typeof data === 'object' && data !== null && 'does' in data && 'uri' in data && 'version' in data;

/** Needs an editor that renames and makes files. */
export function orderActions(
  project: Project,
  { uri, version }: Pick<Deferred, 'uri' | 'version'>,
  findings: readonly Finding[],
  rangeOf: (range: Finding['range']) => Range,
  asked: Asked,
): CodeAction[] {
  return findings.flatMap(({ code, range }): CodeAction[] => {
    const place = rangeOf(range);
    if (!touch(place, asked.range)) return [];
    const about = fixOf({ code, place }, asked);
    switch (code) {
      case 'version-twice':
      case 'never-runs':
      case 'out-of-order':
        return renumbered(project, pathOf(uri) ?? '').map((it) => ({ ...about, ...it, isPreferred: true }));
      case 'edited-after-apply':
        return [
          { ...about, title: 'Put back what was applied', data: { does: 'restore', uri, version } satisfies Deferred },
          {
            ...about,
            title: 'Put back what was applied, and make the edit a new migration',
            data: { does: 'move', uri, version } satisfies Deferred,
          },
        ];
      default:
        return [];
    }
  });
}

function renumbered(project: Project, path: string): Pick<CodeAction, 'title' | 'edit'>[] {
  const renames = project.renames(path);
  const [first] = renames;
  if (!first) return [];
  const documentChanges = renames.map(({ from, to }) => ({
    kind: 'rename' as const,
    oldUri: uriOf(from),
    newUri: uriOf(to),
  }));
  return [{ title: `Give it the next version: ${first.to.replace(/.*[\\/]/, '')}`, edit: { documentChanges } }];
}

/** @throws {Fault} as Project.appliedText, Project.movedEdit */
export async function resolved(
  workspace: Workspace,
  { does, uri, version }: Deferred,
  signal: AbortSignal,
): Promise<WorkspaceEdit> {
  const path = pathOf(uri) ?? '';
  const project = await workspace.projectOf(path);
  if (!project) return {};
  const putBack = (applied: AppliedText): TextDocumentEdit => ({
    textDocument: { uri, version },
    edits: [whole(applied.text)],
  });
  if (does === 'restore') return { documentChanges: [putBack(await project.appliedText(path, signal))] };
  const { applied, files, lists } = await project.movedEdit(path, signal);
  return {
    documentChanges: [
      putBack(applied),
      ...files.flatMap((it) => [
        { kind: 'create' as const, uri: uriOf(it.path) },
        { textDocument: { uri: uriOf(it.path), version: null }, edits: [whole(it.text)] },
      ]),
      ...lists.map((it) => ({ textDocument: { uri: uriOf(it.path), version: null }, edits: [whole(it.text)] })),
    ],
  };
}

/** Everything that stands there. An editor takes a place behind the end for the end. */
const whole = (text: string): TextEdit => ({
  range: { start: { line: 0, character: 0 }, end: { line: 2 ** 31 - 1, character: 0 } },
  newText: text.replace(/^\uFEFF/, ''),
});
