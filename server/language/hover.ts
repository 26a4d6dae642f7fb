/** Hover: what the statement under the pointer did when it was rehearsed. */
import { type Hover, MarkupKind, type Range } from 'vscode-languageserver/node';
import type { TextRange } from '../engine/base/text';
import type { StatementOutcome } from '../engine/project';
import type { Feature } from './feature';
import { hoverText } from './observed';
import { offsetsIn, rangesIn } from './positions';
import { reply } from './reply';

export const hover: Feature = {
  capabilities: { hoverProvider: true },

  attach(connection, _workspace, documents, checks) {
    connection.onHover(
      reply(async ({ textDocument: { uri }, position }, signal) => {
        const document = documents.get(uri);
        if (!document) return null;
        const offset = offsetsIn(document)(position);
        const rangeOf = rangesIn(document.getText());
        const check = await checks.newest(uri, signal);
        return check ? hoverAt(check.outcomes, offset, rangeOf) : null;
      }),
    );
  },
};

/**
 * Pure, so that tests need no connection.
 *
 * @param rangeOf from offsets to the editor's positions
 */
export function hoverAt(
  outcomes: readonly StatementOutcome[],
  offset: number,
  rangeOf: (range: TextRange) => Range,
): Hover | null {
  const outcome = outcomes.find(({ range: { start, end } }) => start <= offset && offset < end);
  if (!outcome) return null;
  return { contents: { kind: MarkupKind.Markdown, value: hoverText(outcome) }, range: rangeOf(outcome.range) };
}
