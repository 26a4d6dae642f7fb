/** The fixes of findings as quick fixes. Pure, so that tests need no connection. */
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  type Range,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import type { TextRange } from '../engine/base/text';
import type { Fix } from '../engine/layouts/layout';
import type { Finding } from '../engine/project';
import { touch } from './positions';

/** The document that would be edited; with its version where the editor refuses edits of another one. */
export interface Subject {
  readonly uri: string;
  readonly version?: number;
  /** Another file, by its path relative to the document. */
  readonly beside?: (path: string) => { readonly uri: string; readonly rangeOf: (range: TextRange) => Range };
}

/** What the editor asks about: a place, and the diagnostics that it shows there. */
export interface Asked {
  readonly range: Range;
  readonly diagnostics: readonly Diagnostic[];
}

export function fixActions(
  subject: Subject,
  findings: readonly Finding[],
  rangeOf: (range: TextRange) => Range,
  asked: Asked,
): CodeAction[] {
  const offered = findings.flatMap(({ range, code, fixes }) => {
    const place = rangeOf(range);
    if (!fixes || !touch(place, asked.range)) return [];
    const about = fixOf({ code, place }, asked);
    return fixes.map((fix, i) => ({
      ...about,
      title: fix.title,
      ...(i === 0 && { isPreferred: true }),
      edit: editOf(subject, fix, rangeOf),
    }));
  });
  // What mends two findings stands in the menu once.
  const kinds = offered.map(({ title, edit }) => JSON.stringify([title, edit]));
  return offered.filter((_, at) => kinds.indexOf(kinds[at] ?? '') === at);
}

/** With the diagnostics that it would mend, as the editor shows them. */
export function fixOf(
  { code, place }: { readonly code: string; readonly place: Range },
  { diagnostics }: Asked,
): Pick<CodeAction, 'kind' | 'diagnostics'> {
  const mended = diagnostics.filter((it) => it.code === code && touch(it.range, place));
  return { kind: CodeActionKind.QuickFix, ...(mended.length > 0 && { diagnostics: mended }) };
}

function editOf(subject: Subject, { edits, path }: Fix, rangeOf: (range: TextRange) => Range): WorkspaceEdit {
  const other = path === undefined ? undefined : subject.beside?.(path);
  if (other)
    return { changes: { [other.uri]: edits.map((it) => ({ range: other.rangeOf(it.range), newText: it.text })) } };
  const { uri, version } = subject;
  const changes = edits.map(({ range, text }) => ({ range: rangeOf(range), newText: text }));
  if (version === undefined) return { changes: { [uri]: changes } };
  return { documentChanges: [{ textDocument: { uri, version }, edits: changes }] };
}
