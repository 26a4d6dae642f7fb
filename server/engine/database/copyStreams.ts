/** COPY as a stream: rows come no faster than they are taken, so that a large table needs little memory. */
import { Readable, type Writable } from 'node:stream';
import { type Connection, DatabaseError, type Submittable } from 'pg';
import { Fault } from '../base/fault';
import { type AnswerParts, refusalOf } from './answer';
import { faultCodeOf } from './refusedFault';

/** Rows are passed on in pieces of about this size. */
const pieceBytes = 64 * 1024;
/** So much may wait for who takes it. */
const waitingBytes = 1024 * 1024;

/** `COPY … TO STDOUT` as node-postgres submits it. */
export class CopyOut implements Submittable {
  readonly rows: Readable;
  #socket: Readable | undefined;
  #piece = Buffer.allocUnsafe(pieceBytes);
  #used = 0;

  constructor(
    private readonly sql: string,
    private readonly parts: AnswerParts,
    private readonly onLost: (error: Error) => void,
  ) {
    const goOn = (): void => void this.#socket?.resume();
    this.rows = new Readable({
      highWaterMark: waitingBytes,
      read: goOn,
      // What nobody wants any more is read and dropped: the connection has to come to its end.
      destroy: (error, done) => {
        goOn();
        done(error);
      },
    });
    // Who takes the rows is told; when nobody does, it is nobody's trouble.
    this.rows.on('error', () => undefined);
  }

  submit(connection: Connection): void {
    this.#socket = connection.stream;
    connection.query(this.sql);
  }

  /** The bytes of a row are the parser's, which uses them again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (chunk.length > pieceBytes - this.#used) this.#pass();
    if (chunk.length > pieceBytes) this.#push(Buffer.from(chunk));
    else this.#used += chunk.copy(this.#piece, this.#used);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.parts.command(text);
    this.#pass();
    this.rows.push(null);
  }

  handleError(error: Error): void {
    if (error instanceof DatabaseError) {
      this.parts.refuse(refusalOf(error));
      this.rows.destroy(new Fault(faultCodeOf(error.code), `${error.message} (${error.code}).`));
    } else this.onLost(error);
  }

  // The end of the answer is the session's to see, as for SimpleQuery.
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleReadyForQuery(): void {}

  #pass(): void {
    if (this.#used === 0) return;
    this.#push(this.#piece.subarray(0, this.#used));
    this.#piece = Buffer.allocUnsafe(pieceBytes);
    this.#used = 0;
  }

  #push(piece: Buffer): void {
    if (!this.rows.destroyed && !this.rows.push(piece)) this.#socket?.pause();
  }
}

/** `COPY … FROM STDIN` as node-postgres submits it. */
export class CopyIn implements Submittable {
  /** Why there were no more rows; the server is told so, and its answer is of no interest then. */
  failure: unknown;
  #over = false;

  constructor(
    private readonly sql: string,
    private readonly rows: AsyncIterable<Buffer>,
    private readonly parts: AnswerParts,
    private readonly onLost: (error: Error) => void,
  ) {}

  submit(connection: Connection): void {
    connection.query(this.sql);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    void this.#feed(connection);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.parts.command(text);
  }

  handleError(error: Error): void {
    this.#over = true;
    if (error instanceof DatabaseError) this.parts.refuse(refusalOf(error));
    else this.onLost(error);
  }

  // As for CopyOut.
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleReadyForQuery(): void {}

  async #feed(connection: CopyConnection): Promise<void> {
    try {
      for await (const piece of this.rows) {
        if (this.#over || connection.stream.destroyed) return;
        connection.sendCopyFromChunk(piece);
        if (connection.stream.writableNeedDrain) await drained(connection.stream);
      }
      connection.endCopyFrom();
    } catch (error) {
      this.failure = error;
      if (!connection.stream.destroyed) connection.sendCopyFail('the rows have ended');
    }
  }
}

/** Also when the connection has ended. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      stream.off('drain', over).off('close', over);
      resolve();
    };
    stream.on('drain', over).on('close', over);
  });
}

/** The methods of node-postgres's connection that its types leave out or narrow. */
interface CopyConnection {
  readonly stream: Writable;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}
