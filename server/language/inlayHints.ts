/** Inlay hints behind statements: what others would have to wait for, or everything that was observed. */
import { type InlayHint, MarkupKind, type Position, type Range } from 'vscode-languageserver/node';
import { withoutMark } from '../engine/base/text';
import type { StatementOutcome } from '../engine/project';
import type { HintLevel } from '../protocol/messages';
import type { Feature } from './feature';
import { compactWords, fullWords, hoverText } from './observed';
import { positionsIn } from './positions';
import { reply } from './reply';

export const inlayHints: Feature = {
  capabilities: { inlayHintProvider: true },

  attach(connection, workspace, documents, checks) {
    connection.languages.inlayHint.on(
      reply(async ({ textDocument: { uri }, range }, signal) => {
        if (workspace.hintLevel === 'off') return null;
        const check = await checks.states.newest(uri, signal);
        const document = documents.get(uri);
        if (!check || !document) return null;
        // Of the text that was checked: what was typed since the question has moved the statements.
        const text = document.getText();
        return hintsOf(check.outcomes, withoutMark(text), workspace.hintLevel, positionsIn(text)).filter((it) =>
          isWithin(it.position, range),
        );
      }),
    );
  },
};

/**
 * One behind the last line of each statement that has something to tell. Pure, so that tests need no connection.
 *
 * @param text as the engine sees it
 * @param at from offsets in it to the editor's positions
 */
export function hintsOf(
  outcomes: readonly StatementOutcome[],
  text: string,
  level: HintLevel,
  at: (offset: number) => Position,
): InlayHint[] {
  return outcomes.flatMap((outcome) => {
    const label = outcome.kind === 'ran' ? wordsFor(outcome, level) : '';
    if (label === '') return [];
    const lineEnd = text.slice(outcome.range.end).search(/\r|\n/);
    const offset = lineEnd < 0 ? text.length : outcome.range.end + lineEnd;
    const tooltip = { kind: MarkupKind.Markdown, value: hoverText(outcome) };
    return [{ position: at(offset), label, paddingLeft: true, tooltip }];
  });
}

function wordsFor(outcome: StatementOutcome & { readonly kind: 'ran' }, level: HintLevel): string {
  switch (level) {
    case 'off':
      return '';
    case 'compact':
      return compactWords(outcome);
    case 'full':
      return fullWords(outcome);
  }
}

const isWithin = ({ line }: Position, { start, end }: Range): boolean => start.line <= line && line <= end.line;
