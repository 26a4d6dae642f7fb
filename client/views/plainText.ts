/** Names and messages as they are in a tooltip: no markup, and no mail address out of `shop@127.0.0.1`. */
import type { MarkdownString } from 'vscode';

export function appendPlain(to: MarkdownString, text: string): MarkdownString {
  const [first = '', ...others] = text.split('@');
  to.appendText(first);
  for (const other of others) to.appendMarkdown('&#64;').appendText(other);
  return to;
}
