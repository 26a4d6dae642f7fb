/** Names and messages as they are in a tooltip: no markup, and no mail address out of `shop@127.0.0.1`. */
import type { MarkdownString } from 'vscode';

/** `appendText` of VS Code makes every blank one that no line is broken at. */
export function appendPlain(to: MarkdownString, text: string): MarkdownString {
  const plain = text
    .replace(/[\\`*_{}[\]()#+\-.!|~>]/g, '\\$&')
    .replace(/[&<@]/g, (character) => `&#${character.charCodeAt(0)};`);
  return to.appendMarkdown(plain.replaceAll('\n', '\n\n'));
}
