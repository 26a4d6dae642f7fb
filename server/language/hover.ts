/** Hover: what the statement under the pointer did when it was rehearsed; what a directive of the tool asks for. */
import { type Hover, MarkupKind, type Range } from 'vscode-languageserver/node';
import type { TextRange } from '../engine/base/text';
import type { Layout } from '../engine/layouts/layout';
import type { FileCheck, Finding, StatementOutcome } from '../engine/project';
import { directiveAt, documentation } from './directives';
import type { Feature } from './feature';
import { hoverText } from './observed';
import { offsetsIn, rangesIn, withoutMark } from './positions';
import { reply } from './reply';
import { pathOf } from './uri';

export const hover: Feature = {
  capabilities: { hoverProvider: true },

  attach(connection, workspace, documents, checks) {
    connection.onHover(
      reply(async ({ textDocument: { uri }, position }, signal) => {
        const document = documents.get(uri);
        if (!document) return null;
        const { version } = document;
        const offset = offsetsIn(document)(position);
        const path = pathOf(uri);
        const project = path === undefined ? undefined : await workspace.projectOf(path);
        const told = project && directiveHover(project.folder.layout, document.getText(), offset);
        const check = told ? undefined : await checks.newest(uri, signal);
        // What was typed meanwhile may have moved everything away from under the pointer.
        if (document.version !== version) return null;
        return told ?? (check ? hoverAt(check, offset, rangesIn(document.getText())) : null);
      }),
    );
  },
};

/**
 * It is known without a rehearsal. Pure, so that tests need no connection.
 *
 * @param text as the editor has it
 */
export function directiveHover(layout: Layout, text: string, offset: number): Hover | null {
  const found = directiveAt(layout, withoutMark(text), offset);
  if (!found) return null;
  return { contents: documentation(layout, found.directive), range: rangesIn(text)(found.range) };
}

/**
 * Pure, so that tests need no connection.
 *
 * @param rangeOf from offsets to the editor's positions
 */
export function hoverAt(
  { outcomes, findings }: Pick<FileCheck, 'outcomes' | 'findings'>,
  offset: number,
  rangeOf: (range: TextRange) => Range,
): Hover | null {
  const outcome = outcomes.find(({ range: { start, end } }) => start <= offset && offset < end);
  if (!outcome) return null;
  // The editor puts the diagnostic that is under the pointer into the same hover.
  const isSaid = findings.some((it) => isUnder(offset, it.range) && isOf(outcome, it));
  const value = hoverText(outcome, isSaid ? 'diagnostic' : 'nothing');
  return { contents: { kind: MarkupKind.Markdown, value }, range: rangeOf(outcome.range) };
}

/** An empty range is drawn as wide as a character. */
const isUnder = (offset: number, { start, end }: TextRange): boolean =>
  start <= offset && offset < Math.max(end, start + 1);

/** Whether it says what Postgres has said of this statement. */
function isOf(outcome: StatementOutcome, { range, code, sqlState }: Finding): boolean {
  if (range.start < outcome.range.start || range.end > outcome.range.end) return false;
  switch (outcome.kind) {
    case 'refused':
      return sqlState === outcome.sqlState;
    case 'ended':
      return code === 'session-ended';
    case 'ran':
    case 'skipped':
      return false;
  }
}
