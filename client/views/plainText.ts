/** Names and messages as they are in a tooltip: no markup, and no mail address out of `shop@127.0.0.1`. */
import { MarkdownString } from 'vscode';

/** `appendText` of VS Code makes every blank one that no line is broken at. */
export function appendPlain(to: MarkdownString, text: string): MarkdownString {
  const plain = text
    .replace(/[\\`*_{}[\]()#+\-.!|~>]/g, '\\$&')
    .replace(/[&<@]/g, (character) => `&#${character.charCodeAt(0)};`);
  return to.appendMarkdown(plain.replaceAll('\n', '\n\n'));
}

/** Paragraphs; names and messages come from files and servers, so they must not become markup, but `**` of ours may. */
export function markdown(paragraphs: readonly string[]): MarkdownString {
  const text = new MarkdownString();
  for (const paragraph of paragraphs.filter((it) => it !== '')) {
    const [, bold, rest] = /^\*\*(.*)\*\*(.*)$/s.exec(paragraph) ?? [undefined, undefined, paragraph];
    if (bold !== undefined) appendPlain(text.appendMarkdown('**'), bold).appendMarkdown('**');
    appendPlain(text, rest ?? '').appendMarkdown('\n\n');
  }
  return text;
}
