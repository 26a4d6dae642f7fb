/** What the editor is told of one directive. */
import { type MarkupContent, MarkupKind } from 'vscode-languageserver/node';
import { holds } from '../engine/base/text';
import type { Directive } from '../engine/layouts/directives/directive';
import type { Layout } from '../engine/layouts/layout';
import { type Occurrence, linesIn, occurrencesOn } from '../engine/layouts/directives/reading';
import { code } from './markdown';

/** Its documentation, with a link to the page of the tool. */
export const documentation = ({ label, directives }: Layout, { text, says }: Directive): MarkupContent => ({
  kind: MarkupKind.Markdown,
  value: `${code(text)} of ${label}\n\n${says}\n\n[More about it](${directives.page})`,
});

/**
 * The directive at an offset; an option rather than the line that it stands on.
 *
 * @param text without a byte order mark
 */
export function directiveAt({ directives }: Layout, text: string, offset: number): Occurrence | undefined {
  const line = linesIn(text).findLast(({ start }) => start <= offset);
  const all = line ? occurrencesOn(line, directives.all) : [];
  return all.findLast(({ range }) => holds(range, offset));
}
