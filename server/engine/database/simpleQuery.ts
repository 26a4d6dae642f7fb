/** One message of the simple query protocol as node-postgres submits it, with data for COPY in both directions. */
import type { Writable } from 'node:stream';
import { type Connection, DatabaseError, type Submittable } from 'pg';
import { type AnswerParts, refusalOf } from './answer';
import { int16, int32, message, text } from './frontendMessages';
import type { TextRow } from './session';

/** A piece of COPY data; small enough for no message to weigh on the memory of the server. */
const chunkBytes = 64 * 1024;

/**
 * node-postgres calls these methods for the messages that arrive while this query is the active one. The end of the
 * answer (ReadyForQuery) is the session's to see, because after an error node-postgres does not tell it to a query.
 */
export class SimpleQuery implements Submittable {
  readonly #sent: Sent;
  #copyData: Buffer | undefined;
  /** How many of the statements ahead have no answer yet. */
  #ahead: number;

  constructor(
    sent: Sent,
    private readonly parts: AnswerParts,
    private readonly onLost: (error: Error) => void,
  ) {
    this.#sent = sent;
    this.#copyData = sent.copyData === undefined ? undefined : Buffer.from(sent.copyData);
    this.#ahead = sent.ahead.length;
  }

  /**
   * What goes ahead are messages of the extended protocol without a Sync, so that nothing waits for the server to be
   * ready in between (Postgres documentation, "Extended Query": a Sync is not needed between them).
   */
  submit(connection: Connection): void {
    const { stream } = connection as unknown as QueryConnection;
    const { ahead, sql, behind } = this.#sent;
    const queries = behind === undefined ? [sql] : [sql, behind];
    const messages = [...ahead.flatMap(executed), ...queries.map((it) => message('Q', text(it)))];
    // In one piece, which is sent much quicker than several.
    stream.write(Buffer.concat(messages));
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    if (this.#ahead > 0) this.#ahead--;
    else this.parts.command(text);
  }

  /** The first COPY gets the data, each later one no rows, as when psql meets the end of its input. */
  handleCopyInResponse(connection: QueryConnection): void {
    const data = this.#copyData ?? Buffer.alloc(0);
    this.#copyData = undefined;
    for (let start = 0; start < data.length; start += chunkBytes)
      connection.sendCopyFromChunk(data.subarray(start, start + chunkBytes));
    connection.endCopyFrom();
  }

  /** When what goes ahead is refused, nobody knows any more where the transaction stands. */
  handleError(error: Error): void {
    if (error instanceof DatabaseError && this.#ahead === 0) this.parts.refuse(refusalOf(error));
    else this.onLost(error);
  }

  handleDataRow({ fields }: { readonly fields: TextRow }): void {
    this.parts.row(fields);
  }

  // What follows is read and dropped: run() answers with counts, and an empty text has no commands.
  handleRowDescription(): void {}
  handleCopyData(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleReadyForQuery(): void {}
}

export interface Sent {
  readonly sql: string;
  readonly copyData: string | undefined;
  /** See RunOptions. */
  readonly ahead: readonly string[];
  /** A second message in the same packet, whose answer a FollowingQuery takes; not where the first may ask for rows. */
  readonly behind?: string | undefined;
}

/** Takes the answer to a message that went out with the one before it. */
export class FollowingQuery extends SimpleQuery {
  constructor(parts: AnswerParts, onLost: (error: Error) => void) {
    super({ sql: '', copyData: undefined, ahead: [] }, parts, onLost);
  }

  override submit(): void {}
}

/** Parse, Bind and Execute of a statement without parameters, whatever its rows are. */
const executed = (sql: string): Buffer[] => [
  message('P', text(''), text(sql), int16(0)),
  message('B', text(''), text(''), int16(0), int16(0), int16(0)),
  message('E', text(''), int32(0)),
];

/** The methods of node-postgres's connection that its types leave out or narrow. */
interface QueryConnection {
  readonly stream: Writable;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}
