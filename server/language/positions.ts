/** Between the offsets of the engine and the lines and characters of the protocol. */
import type { Position, Range } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { isMarked, lineIndex, type TextRange } from '../engine/base/text';

/**
 * Turns ranges of the engine into ranges of the editor; built once per text.
 *
 * The engine never sees a byte order mark; an editor that keeps it in the text counts it as the first character.
 *
 * @param text as the editor has it
 */
export function rangesIn(text: string): (range: TextRange) => Range {
  const position = positionsIn(text);
  return ({ start, end }) => ({ start: position(start), end: position(end) });
}

/** The same for single offsets. */
export function positionsIn(text: string): (offset: number) => Position {
  const mark = markLength(text);
  const at = lineIndex(text);
  return (offset) => {
    const { line, column } = at(offset + mark);
    return { line, character: column };
  };
}

/** The other way round, for an open document. */
export function offsetsIn(document: TextDocument): (position: Position) => number {
  const mark = markLength(document.getText());
  return (position) => Math.max(0, document.offsetAt(position) - mark);
}

const markLength = (text: string): number => (isMarked(text) ? 1 : 0);

/** Whether they have a place in common, be it only an end. */
export const touch = (a: Range, b: Range): boolean => !isBefore(a.end, b.start) && !isBefore(b.end, a.start);

const isBefore = (a: Range['start'], b: Range['start']): boolean =>
  a.line < b.line || (a.line === b.line && a.character < b.character);
