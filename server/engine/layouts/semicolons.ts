/**
 * golang-migrate's multi-statement mode: a file is cut behind every semicolon, also in comments, strings and bodies.
 *
 * Facts from golang-migrate/migrate, database/multistmt/parse.go, and from Go's bufio/scan.go.
 */
import type { TextRange } from '../base/text';
import { skipBlank } from '../sql/lexer';
import type { FileProblem } from './layout';

/** The pieces, put together, are the text. */
export function piecesOf(text: string): TextRange[] {
  const pieces: TextRange[] = [];
  for (let start = 0; start < text.length; ) {
    const semicolon = text.indexOf(';', start);
    const end = semicolon < 0 ? text.length : semicolon + 1;
    pieces.push({ start, end });
    start = end;
  }
  return pieces;
}

/** Smaller limits than its first buffer have no effect (StartBufSize). */
const leastBytes = 4_096;

/** Pieces that the tool's scanner has no room for ("bufio.Scanner: token too long"). */
export function tooLong(text: string, pieces: readonly TextRange[], mostBytes: number): FileProblem[] {
  const room = Math.max(mostBytes, leastBytes);
  return pieces.filter((piece) => bytesOf(text, piece) > room).map((piece) => problemOf(text, piece, room));
}

/** Without a semicolon the end of the file has to be seen, in the room of one byte more. */
function bytesOf(text: string, { start, end }: TextRange): number {
  const piece = text.slice(start, end);
  return Buffer.byteLength(piece) + (piece.endsWith(';') ? 0 : 1);
}

function problemOf(text: string, piece: TextRange, room: number): FileProblem {
  const start = skipBlank(text, piece.start, piece.end);
  const line = text.slice(start, piece.end).search(/[\r\n]/);
  return {
    range: { start, end: line < 0 ? piece.end : start + line },
    severity: 'error',
    code: 'golang-migrate-too-long',
    message: `Between two semicolons golang-migrate reads at most ${room} bytes here, and fails at this one. Raise x-multi-statement-max-size.`,
  };
}
