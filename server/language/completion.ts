/** Completion of directives: those of the tool that may stand at the cursor. Plain SQL is left to other extensions. */
import { type CompletionItem, CompletionItemKind, InsertTextFormat, InsertTextMode } from 'vscode-languageserver/node';
import { withoutMark } from '../engine/base/text';
import type { Directive } from '../engine/layouts/directives/directive';
import type { Layout } from '../engine/layouts/layout';
import { candidatesAt } from '../engine/layouts/directives/candidates';
import { documentation } from './directives';
import type { Feature } from './feature';
import { offsetsIn, rangesIn } from './positions';
import { reply } from './reply';
import { pathOf } from './uri';

export const completion: Feature = {
  capabilities: { completionProvider: { triggerCharacters: ['-', '+', '!', '>', ':', '{', ' '] } },

  attach(connection, workspace, documents) {
    connection.onCompletion(
      reply(async ({ textDocument: { uri }, position, context }) => {
        const [path, document] = [pathOf(uri), documents.get(uri)];
        if (path === undefined || !document) return null;
        const [version, offset] = [document.version, offsetsIn(document)(position)];
        // Whoever indents a line has not asked for anything.
        if (context?.triggerCharacter === ' ' && isIndent(document.getText(), offset)) return null;
        const project = await workspace.projectOf(path);
        if (!project || document.version !== version) return null;
        const snippets = workspace.client.textDocument?.completion?.completionItem?.snippetSupport === true;
        const items = completionsAt(project.folder.layout, document.getText(), offset, snippets ? 'snippets' : 'text');
        // What is typed next is measured here: editors do not take dashes for a part of words.
        return items.length === 0 ? null : { isIncomplete: true, items };
      }),
    );
  },
};

/**
 * Pure, so that tests need no connection.
 *
 * @param text as the editor has it
 * @param offset without the byte order mark
 * @param inserted whether the editor knows tab stops
 */
export function completionsAt(
  layout: Layout,
  text: string,
  offset: number,
  inserted: 'snippets' | 'text',
): CompletionItem[] {
  const plain = withoutMark(text);
  const rangeOf = rangesIn(text);
  const itemOf = (
    { directive, typed, whole }: ReturnType<typeof candidatesAt>[number],
    nth: number,
  ): CompletionItem => {
    const isSnippet = inserted === 'snippets' && whole && directive.snippet !== undefined;
    return {
      label: directive.text,
      kind: isSnippet ? CompletionItemKind.Snippet : CompletionItemKind.Keyword,
      detail: layout.label,
      documentation: documentation(layout, directive),
      filterText: plain.slice(typed.start, typed.end),
      sortText: String(nth).padStart(3, '0'),
      insertTextFormat: isSnippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
      insertTextMode: InsertTextMode.asIs,
      textEdit: { range: rangeOf(typed), newText: isSnippet ? snippetOf(directive) : directive.text },
    };
  };
  return candidatesAt(layout.directives.all, plain, offset).map(itemOf);
}

const isIndent = (text: string, offset: number): boolean => /(?:^|\n)[ \t]*$/.test(withoutMark(text).slice(0, offset));

const snippetOf = ({ snippet, text }: Directive): string => snippet ?? text;
