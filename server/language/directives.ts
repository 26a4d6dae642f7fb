/** What the editor is told of one directive. */
import { type MarkupContent, MarkupKind } from 'vscode-languageserver/node';
import { directives } from '../engine/layouts/directives/all';
import type { Directive, ToolDirectives } from '../engine/layouts/directives/directive';
import type { LayoutName } from '../engine/layouts/layout';
import { type Occurrence, linesIn, occurrencesOn } from '../engine/layouts/directives/reading';
import { code } from './markdown';

/** Its documentation, with a link to the page of the tool. */
export const documentation = ({ label, page }: ToolDirectives, { text, says }: Directive): MarkupContent => ({
  kind: MarkupKind.Markdown,
  value: `${code(text)} of ${label}\n\n${says}\n\n[More about it](${page})`,
});

/**
 * The directive at an offset; an option rather than the line that it stands on.
 *
 * @param text without a byte order mark
 */
export function directiveAt(tool: LayoutName, text: string, offset: number): Occurrence | undefined {
  const line = linesIn(text).findLast(({ start }) => start <= offset);
  const all = line ? occurrencesOn(line, directives[tool].directives) : [];
  return all.findLast(({ range }) => range.start <= offset && offset < range.end);
}
