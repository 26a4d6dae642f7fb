/** Quick fixes of migrations that are out of order, have the version of another one, or were edited after they were applied. */
import type { CodeAction, Command, Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver/node';
import { isMarked, withoutMark } from '../engine/base/text';
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

export interface Resolved {
  readonly edit: WorkspaceEdit;
  /** What the edit cannot do in our own client. */
  readonly command?: Command;
  /** What it cannot do in this editor. */
  readonly warning?: string;
}

/**
 * @param open as the editor has it
 * @throws {Fault} as Project.appliedText, Project.movedEdit
 */
export async function resolved(
  workspace: Workspace,
  { does, uri, version }: Deferred,
  open: string,
  signal: AbortSignal,
): Promise<Resolved> {
  const path = pathOf(uri) ?? '';
  const project = await workspace.projectOf(path);
  if (!project) return { edit: {} };
  const putBack = ({ text }: AppliedText, others: readonly WorkspaceChange[] = []): Resolved => {
    const isShown = isMarked(open);
    const { newText, ...rest } = withMark(text, {
      uri,
      isShown,
      isHidden: !isShown && workspace.files.isMarked(path),
      ours: workspace.ours,
    });
    return {
      edit: { documentChanges: [{ textDocument: { uri, version }, edits: [whole(newText)] }, ...others] },
      ...rest,
    };
  };
  if (does === 'restore') return putBack(await project.appliedText(path, signal));
  const { applied, files, lists } = await project.movedEdit(path, signal);
  return putBack(applied, [
    ...files.flatMap((it) => [
      { kind: 'create' as const, uri: uriOf(it.path) },
      { textDocument: { uri: uriOf(it.path), version: null }, edits: [whole(it.text)] },
    ]),
    ...lists.map((it) => ({ textDocument: { uri: uriOf(it.path), version: null }, edits: [whole(it.text)] })),
  ]);
}

type WorkspaceChange = NonNullable<WorkspaceEdit['documentChanges']>[number];

/** Where a byte order mark stands now: most editors keep it out of the text, and write it again. */
interface MarkNow {
  readonly uri: string;
  readonly isShown: boolean;
  readonly isHidden: boolean;
  readonly ours: boolean;
}

/** Some tools digest the mark with the rest, so that it has to be as it was, too. */
function withMark(applied: string, { uri, isShown, isHidden, ours }: MarkNow) {
  const wanted = isMarked(applied);
  const bare = withoutMark(applied);
  if (wanted === (isShown || isHidden)) return { newText: isShown ? applied : bare };
  if (ours) {
    const title = 'Write the file as it was applied';
    return { newText: bare, command: { title, command: 'rehearsal.writeMark', arguments: [uri, wanted] } };
  }
  if (!isHidden) return { newText: applied };
  return { newText: bare, warning: 'It was applied without a byte order mark: save it as UTF-8 without one.' };
}

/** Everything that stands there. An editor takes a place behind the end for the end. */
const whole = (text: string): TextEdit => ({
  range: { start: { line: 0, character: 0 }, end: { line: 2 ** 31 - 1, character: 0 } },
  newText: text,
});
