/** One message of the simple query protocol as node-postgres submits it, with data for COPY in both directions. */
import { type Connection, DatabaseError, type Submittable } from 'pg';
import { type AnswerParts, refusalOf } from './answer';

/** A piece of COPY data; small enough for no message to weigh on the memory of the server. */
const chunkBytes = 64 * 1024;

/**
 * node-postgres calls these methods for the messages that arrive while this query is the active one. The end of the
 * answer (ReadyForQuery) is the session's to see, because after an error node-postgres does not tell it to a query.
 */
export class SimpleQuery implements Submittable {
  #copyData: Buffer | undefined;

  constructor(
    private readonly sql: string,
    copyData: string | undefined,
    private readonly parts: AnswerParts,
    private readonly onLost: (error: Error) => void,
  ) {
    this.#copyData = copyData === undefined ? undefined : Buffer.from(copyData);
  }

  submit(connection: Connection): void {
    connection.query(this.sql);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.parts.command(text);
  }

  /** The first COPY gets the data, each later one no rows, as when psql meets the end of its input. */
  handleCopyInResponse(connection: CopyConnection): void {
    const data = this.#copyData ?? Buffer.alloc(0);
    this.#copyData = undefined;
    for (let start = 0; start < data.length; start += chunkBytes)
      connection.sendCopyFromChunk(data.subarray(start, start + chunkBytes));
    connection.endCopyFrom();
  }

  handleError(error: Error): void {
    if (error instanceof DatabaseError) this.parts.refuse(refusalOf(error));
    else this.onLost(error);
  }

  // What follows is read and dropped: run() answers with counts, and an empty text has no commands.
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCopyData(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleReadyForQuery(): void {}
}

/** The methods of node-postgres's connection that its types leave out. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}
