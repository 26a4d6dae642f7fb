/**
 * Has pg_dump say where rows and large objects belong without reading any of them: where it would fetch some it is told
 * of one that marks the place, and the real ones are put there afterwards, as a stream.
 */
import { randomUUID } from 'node:crypto';
import { int16, int32, message, text } from './frontendMessages';

/** A stretch of a dump. */
export interface DumpPiece {
  readonly sql: string;
  /** `COPY … TO STDOUT`: its rows and a line `\.` belong behind the SQL, which ends with `COPY … FROM stdin;` then. */
  readonly rows?: string;
  /** Object identifier of a large object that is to be written behind the SQL, which has opened it as 0. */
  readonly largeObject?: number;
}

export const sqlOf = (pieces: readonly DumpPiece[]): string => pieces.map(({ sql }) => sql).join('');

/** What belongs in the place of what pg_dump has written about a mark, which stands behind `at`. */
type Gap = (dump: string, at: number, mark: string) => { readonly piece: DumpPiece; readonly end: number };

export class RowsApart {
  /** In no text of anybody's. */
  readonly #mark = `rehearsal_${randomUUID().replaceAll('-', '')}_`;
  readonly #gaps: Gap[] = [];
  /** Of the cursor that is open, where the server is not asked. */
  #columns = 0;
  #marked = false;

  /** @returns what pg_dump is answered to a query; undefined where the server has to be asked */
  answer(sql: string): Buffer | undefined {
    if (sql.startsWith('DECLARE ')) return this.#declare(sql);
    if (this.#columns === 0) return undefined;
    if (/^FETCH \d+ FROM _pg_dump_cursor$/.test(sql)) {
      const mark = this.#nextMark();
      const rows = mark === '' ? [] : [emptyRow(this.#columns)];
      return answered('FETCH', columnsNamed(mark, this.#columns), ...rows);
    }
    return sql === 'CLOSE _pg_dump_cursor' ? answered('CLOSE CURSOR') : undefined;
  }

  /** Rows without values are the server's to count. */
  #declare(sql: string): Buffer | undefined {
    const [, list = 'NULL', from = ''] = declaration.exec(sql) ?? [];
    const columns = list === 'NULL' ? [] : (list.match(identifiers) ?? []);
    this.#columns = columns.length;
    if (columns.length === 0) return undefined;
    this.#open((dump, at, mark) => rowsAt(dump, at, mark, { columns: columns.join(', '), from }));
    return answered('DECLARE CURSOR');
  }

  /** @returns the same for a call of a function, by which large objects are read */
  call(bytes: Buffer): Buffer | undefined {
    const { called, first } = callIn(bytes);
    switch (called) {
      case functions.open:
        this.#open((dump, at, mark) => largeObjectAt(dump, at, mark, first));
        return returned(int32(0));
      case functions.read:
        return returned(Buffer.from(this.#nextMark()));
      case functions.close:
        return returned(int32(0));
      default:
        return undefined;
    }
  }

  #open(gap: Gap): void {
    this.#gaps.push(gap);
    this.#marked = false;
  }

  /** Empty when pg_dump has it already. */
  #nextMark(): string {
    const mark = this.#marked ? '' : this.#markOf(this.#gaps.length - 1);
    this.#marked = true;
    return mark;
  }

  /** Never the beginning of another one. */
  #markOf(index: number): string {
    return `${this.#mark}${index}_`;
  }

  /** @param dump what pg_dump has written, with each mark once and in order */
  cut(dump: string): readonly DumpPiece[] {
    let at = 0;
    const pieces = this.#gaps.map((gap, index) => {
      const { piece, end } = gap(dump, at, this.#markOf(index));
      at = end;
      return piece;
    });
    return [...pieces, { sql: dump.slice(at) }];
  }
}

/** The mark is the first column's name, and the only row has no values. */
function rowsAt(
  dump: string,
  at: number,
  mark: string,
  { columns, from }: { readonly columns: string; readonly from: string },
): ReturnType<Gap> {
  const marked = dump.indexOf(` (${mark}`, at);
  let [start, table] = [marked, ''];
  // A name may hold the same words on a line of its own.
  while (!name.test(table)) {
    start = dump.lastIndexOf(`\n${insert}`, start - 2) + 1;
    if (start <= at) throw new Error(`what stands before ${mark} is no table to be copied into`);
    table = dump.slice(start + insert.length, marked);
  }
  return {
    piece: {
      sql: `${dump.slice(at, start)}COPY ${table} (${columns}) FROM stdin;\n`,
      rows: `copy (select ${columns} from only ${from}) to stdout`,
    },
    end: afterStatement(dump, marked),
  };
}

/** The mark is what is written into it. */
function largeObjectAt(dump: string, at: number, mark: string, oid: number): ReturnType<Gap> {
  const marked = dump.indexOf(Buffer.from(mark).toString('hex'), at);
  const start = dump.lastIndexOf('\n', marked) + 1;
  if (marked < 0) throw new Error(`the large object ${oid} is not in the dump`);
  return { piece: { sql: dump.slice(at, start), largeObject: oid }, end: afterStatement(dump, marked) };
}

const statementEnd = ';\n';
const afterStatement = (dump: string, at: number): number => dump.indexOf(statementEnd, at) + statementEnd.length;

/** pg_dump writes names so that none can be taken for what stands between them (fmtId). */
const identifier = String.raw`(?:"(?:[^"]|"")*"|[^\s",.()]+)`;
const identifiers = new RegExp(identifier, 'g');
const declaration = new RegExp(
  String.raw`^DECLARE _pg_dump_cursor CURSOR FOR SELECT (${identifier}(?:, ${identifier})*) FROM ONLY ([^]+)$`,
);
const name = new RegExp(String.raw`^${identifier}(?:\.${identifier})?$`);
const insert = 'INSERT INTO ';

/** `lo_open`, `lo_close` and `loread` in pg_proc, of all versions. */
const functions = { open: 952, close: 953, read: 954 } as const;

/** FunctionCall; with its first argument as a number. */
function callIn(bytes: Buffer): { readonly called: number; readonly first: number } {
  const typeAndLength = 5;
  const formats = bytes.readInt16BE(typeAndLength + 4);
  const values = typeAndLength + 4 + 2 + 2 * formats + 2;
  return { called: bytes.readUInt32BE(typeAndLength), first: bytes.readUInt32BE(values + 4) };
}

const typeOfText = 25;

function columnsNamed(first: string, count: number): Buffer {
  const columns = Array.from({ length: count }, (_, index) => [
    text(index === 0 ? first : 'other'),
    ...[int32(0), int16(0), int32(typeOfText), int16(-1), int32(-1), int16(0)],
  ]);
  return message('T', int16(count), ...columns.flat());
}

const lengthOfNull = -1;

const emptyRow = (count: number): Buffer =>
  message('D', int16(count), ...Array.from({ length: count }, () => int32(lengthOfNull)));

/** In a transaction, as pg_dump always is. */
const ready = message('Z', Buffer.from('T'));

const answered = (tag: string, ...rows: readonly Buffer[]): Buffer =>
  Buffer.concat([...rows, message('C', text(tag)), ready]);

const returned = (value: Buffer): Buffer => Buffer.concat([message('V', int32(value.length), value), ready]);
