/** Where do the statements of a dump file begin and end, and the rows behind them? Little of it is in memory at a time. */
import { Fault } from '../base/fault';
import { type ConformingStrings, conformingStrings } from '../sql/conformingStrings';
import { scan } from '../sql/scan';

export type DumpPart =
  | { readonly kind: 'statement'; readonly sql: string }
  /** `COPY … FROM stdin`, whose rows are to be taken before the next part is asked for. */
  | { readonly kind: 'copy'; readonly sql: string; readonly rows: AsyncIterable<Buffer> };

/**
 * @param pieces end anywhere, also in the middle of a character
 * @throws {Fault} `damaged` when there is something in it that is no SQL, which is not told: it may be a row; whatever the
 *   pieces throw
 */
export async function* partsOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<DumpPart> {
  const unread = new Unread(pieces);
  const strings = conformingStrings(true);
  try {
    while (!unread.over || unread.bytes.length > 0) {
      // A statement that is not all there is looked at again when twice as much of it is.
      await unread.grow(2 * unread.bytes.length + 1);
      const { statements, copy, end } = statementsIn(unread, strings);
      for (const sql of statements) yield { kind: 'statement', sql };
      unread.drop(end);
      if (copy !== undefined) yield { kind: 'copy', sql: copy, rows: rowsIn(unread) };
    }
  } finally {
    await unread.close();
  }
}

/** What has been read and not been passed on. */
class Unread {
  bytes: Buffer = Buffer.alloc(0);
  /** There is no more to read. */
  over = false;
  readonly #pieces: AsyncIterator<Buffer>;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Reads until there are as many bytes, or no more of them. */
  async grow(length: number): Promise<void> {
    const parts = [this.bytes];
    for (let left = length - this.bytes.length; left > 0 && !this.over; ) {
      const { done = false, value } = await this.#pieces.next();
      this.over = done;
      if (done) break;
      parts.push(value);
      left -= value.length;
    }
    if (parts.length > 1) this.bytes = Buffer.concat(parts);
  }

  drop(length: number): void {
    this.bytes = this.bytes.subarray(length);
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

interface Cut {
  readonly statements: readonly string[];
  /** The one behind them that is followed by rows. */
  readonly copy: string | undefined;
  readonly end: number;
}

/** Those that are all there, up to the first that is followed by rows. */
function statementsIn({ bytes, over }: Unread, strings: ConformingStrings): Cut {
  // A character for each byte, so that offsets are those of the bytes; whatever is not ASCII is a letter either way.
  const text = bytes.toString('latin1');
  const statements: string[] = [];
  let end = 0;
  for (const piece of scan(text, { standardConformingStrings: strings.now })) {
    if (piece.kind !== 'statement') continue;
    const { kind, range } = piece.statement;
    const sql = bytes.toString('utf8', range.start, range.end);
    if (kind === 'psql') throw new Fault('damaged', 'a line of it is no SQL.');
    if (!over && text[piece.range.end - 1] !== ';') break;
    strings.ran(sql);
    end = piece.range.end;
    if (kind === 'copyIn') return { statements, copy: sql, end };
    statements.push(sql);
  }
  return { statements, copy: undefined, end: over ? bytes.length : end };
}

const lineFeed = '\n';
/** No row begins with a backslash and a dot: in a value the backslash is written twice. */
const endOfRows = '\n\\.';

/** @param unread behind the semicolon of the COPY */
async function* rowsIn(unread: Unread): AsyncGenerator<Buffer> {
  await endLine(unread);
  // The line break before a row belongs to what is looked for.
  let from = lineFeed.length;
  for (;;) {
    const end = unread.bytes.indexOf(endOfRows);
    if (end >= 0 || unread.over) {
      yield unread.bytes.subarray(from, end < 0 ? undefined : end + lineFeed.length);
      unread.drop(end < 0 ? unread.bytes.length : end + endOfRows.length);
      return;
    }
    const sure = unread.bytes.length - endOfRows.length + 1;
    if (sure > from) {
      yield unread.bytes.subarray(from, sure);
      unread.drop(sure);
      from = 0;
    }
    await unread.grow(unread.bytes.length + 1);
  }
}

/** Up to the line break that is before the first row. */
async function endLine(unread: Unread): Promise<void> {
  while (!unread.bytes.includes(lineFeed) && !unread.over) await unread.grow(unread.bytes.length + 1);
  const end = unread.bytes.indexOf(lineFeed);
  const rest = unread.bytes.toString('utf8', 0, end < 0 ? undefined : end);
  if (rest.trim() !== '') throw new Fault('damaged', 'a line of it goes on behind a COPY.');
  unread.drop(end < 0 ? unread.bytes.length : end);
}
