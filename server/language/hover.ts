/** Hover: what the statement under the pointer did when it was rehearsed; what a directive of the tool asks for. */
import { type Hover, MarkupKind, type Range } from 'vscode-languageserver/node';
import { holds, isWithin, type TextRange, withoutMark } from '../engine/base/text';
import type { Layout } from '../engine/layouts/layout';
import type { FileCheck, Finding, StatementOutcome } from '../engine/project';
import { directiveAt, documentation } from './directives';
import type { Feature } from './feature';
import { hoverText } from './observed';
import { code } from './markdown';
import { offsetsIn, rangesIn } from './positions';
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
        const check = told ? undefined : await checks.states.newest(uri, signal);
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
  const outcome = outcomes.find(({ range }) => holds(range, offset));
  if (!outcome) return null;
  // The editor puts the diagnostic that is under the pointer into the same hover.
  const isSaid = findings.some((it) => isUnder(offset, it.range) && isOf(outcome, it));
  const byRows =
    outcome.kind === 'ran' ? findings.filter((it) => isByRows(it) && isWithin(it.range, outcome.range)) : [];
  const value = [
    ...byRows.map((it) => refusedByRows(it, isUnder(offset, it.range))),
    hoverText(outcome, isSaid ? 'diagnostic' : 'nothing'),
  ].join('\n\n');
  return { contents: { kind: MarkupKind.Markdown, value }, range: rangeOf(outcome.range) };
}

/** Of a statement that ran, because the rows that refuse it are the target's alone. */
const isByRows = ({ code: what }: Finding): boolean => what === 'rows-refuse';

/** @param isBeside its diagnostic stands in the same hover */
const refusedByRows = ({ message }: Finding, isBeside: boolean): string =>
  `**Rows of the target refuse it**${isBeside ? '' : `: ${code(message)}`}. In the rehearsal, without these rows:`;

/** An empty range is drawn as wide as a character. */
const isUnder = (offset: number, { start, end }: TextRange): boolean =>
  start <= offset && offset < Math.max(end, start + 1);

/** Whether it says what Postgres has said of this statement. */
function isOf(outcome: StatementOutcome, { range, code: what, sqlState }: Finding): boolean {
  if (!isWithin(range, outcome.range)) return false;
  switch (outcome.kind) {
    case 'refused':
      return sqlState === outcome.sqlState;
    case 'ended':
      return what === 'session-ended';
    case 'ran':
    case 'skipped':
      return false;
  }
}
