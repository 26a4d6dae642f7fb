/** Ranges of the protocol as VS Code has them. */
import { Range } from 'vscode';
import type { Range as SentRange } from 'vscode-languageclient/node';

export const rangeOf = ({ start, end }: SentRange): Range =>
  new Range(start.line, start.character, end.line, end.character);
