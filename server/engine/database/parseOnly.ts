/**
 * One Parse message of the extended query protocol and nothing behind it: the server reads the statement and looks up
 * what it names, and runs nothing (Postgres documentation, "Extended Query").
 */
import { type Connection, DatabaseError, type Submittable } from 'pg';
import { type AnswerParts, refusalOf } from './answer';

/** The end of the answer is the session's to see, as with SimpleQuery. */
export class ParseOnly implements Submittable {
  constructor(
    private readonly sql: string,
    private readonly parts: AnswerParts,
    private readonly onLost: (error: Error) => void,
  ) {}

  submit(connection: Connection): void {
    const extended = connection as unknown as ExtendedConnection;
    extended.parse({ text: this.sql });
    extended.sync();
  }

  handleError(error: Error): void {
    if (error instanceof DatabaseError) this.parts.refuse(refusalOf(error));
    else this.onLost(error);
  }

  handleReadyForQuery(): void {}
}

/** The methods of node-postgres's connection that its types leave out. */
interface ExtendedConnection {
  parse(message: { readonly text: string }): void;
  sync(): void;
}
