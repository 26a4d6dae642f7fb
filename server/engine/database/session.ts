/** A connection to one database, whatever runs behind it: a server through node-postgres, or the embedded engine. */

/** One connection. Statements run one after the other; calls are queued in their order. */
export interface Session {
  readonly server: Server;
  /**
   * Runs SQL text by the simple protocol: several statements in one text are one implicit transaction, as psql -c has it.
   *
   * @returns what Postgres did or why it refused; a refusal is an answer, not an exception
   * @throws {Fault} `connection-lost` when the connection died before an answer came; every later call throws the same
   */
  run(sql: string, options?: RunOptions): Promise<Answer>;
  /**
   * Has the server read a statement, and look up what it names, without running it; on a server. A refusal ends an open
   * transaction like any other.
   *
   * @returns why it would not run; undefined when the server has nothing against it yet
   * @throws {Fault} `connection-lost`
   */
  parse?(sql: string): Promise<Refusal | undefined>;
  /**
   * A query of our own: parameters as `$1`, rows as objects.
   *
   * @throws {Fault} `no-right`, `disk-full`, `busy` (a lock_timeout) or `refused` when Postgres refuses it,
   *   `connection-lost` when it died
   */
  rows<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * `COPY … TO STDOUT`: what it writes, in pieces that end anywhere; on a server. The session is busy until all is taken.
   *
   * @throws {Fault} as `rows`
   */
  copyOut?(sql: string): AsyncIterable<Buffer>;
  /**
   * `COPY … FROM STDIN`; on a server.
   *
   * @throws {Fault} `connection-lost`
   * @throws whatever `rows` throws
   */
  copyIn?(sql: string, rows: AsyncIterable<Buffer>): Promise<Answer>;
  /** Where the connection stands after the last answer (ReadyForQuery's status byte). */
  readonly transaction: 'idle' | 'open' | 'failed';
  /**
   * Asks the server to end what is running; resolves when the request was delivered and the session is ready again.
   * The statement cut off is answered with SQLSTATE 57014. The embedded engine cannot be interrupted: there the
   * engine is ended, and the session is lost. Never rejects: when the cancel fails, the session is lost.
   */
  cancel(): Promise<void>;
  readonly lost: boolean;
  /**
   * Makes lasting what was committed, before the session is closed: for the embedded engine, which works on a copy.
   *
   * @throws {Fault} `disk-full`, `not-writable`; the database is then as it was kept last
   */
  keep?(): Promise<void>;
  /** Ends the connection. Safe to call twice, and on a lost one. */
  close(): Promise<void>;
  /** Ends it at once, whatever runs: who waits for an answer gets `connection-lost`. For what nobody wants any more. */
  end(): Promise<void>;
}

export interface RunOptions {
  /**
   * Statements of our own about transactions, such as savepoints, that go before it in the same packet. The answer does
   * not tell of them; when one is refused, the session is lost.
   */
  readonly ahead?: readonly string[];
  /**
   * SQL of our own that goes out with it and is run right behind it, whatever has become of it, so that nobody waits in
   * between; its rows are told. What it leaves behind when it is refused is taken back by who asked.
   */
  readonly behind?: string;
  /** What it answers in rows is wanted, too. */
  readonly withRows?: true;
  /** Rows for `COPY … FROM stdin`. */
  readonly copyData?: string;
  /** Longest time in milliseconds; then the statement is cancelled and refused with 57014, the session perhaps lost. */
  readonly timeoutMs?: number;
}

export interface Server {
  /** For people: `PostgreSQL 16.4`, `PGlite (PostgreSQL 18.6)`. */
  readonly label: string;
  readonly engine: 'server' | 'embedded';
  /** For example 160004. */
  readonly versionNumber: number;
  readonly database: string;
  readonly user: string;
}

export type Answer = Done | Refused;

/** How `RunOptions.behind` was answered. */
interface Followed {
  readonly behind?: {
    readonly answer: Answer;
    /** How much longer that took, in milliseconds. */
    readonly ms: number;
  };
}

export interface Done extends Followed {
  readonly kind: 'done';
  /** One for each statement in the text, in order. */
  readonly commands: readonly { readonly tag: string; readonly rows: number | null }[];
  readonly notices: readonly Notice[];
  /** Of all its commands, as texts; only where they were asked for. */
  readonly rows?: readonly TextRow[];
}

export type TextRow = readonly (string | null)[];

export interface Refused extends Followed {
  readonly kind: 'refused';
  readonly refusal: Refusal;
  /** How many statements of the text had been done before. */
  readonly completed: number;
  readonly notices: readonly Notice[];
}

export interface Notice {
  readonly severity: string;
  readonly sqlState: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Why Postgres refused; the fields of its ErrorResponse (Postgres documentation, "Error and Notice Message Fields"). */
export interface Refusal {
  /** Five characters, for example `23502`. */
  readonly sqlState: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Which character of the text sent is to blame, counted from 1. */
  readonly character?: number;
  /** The same within `internalQuery`, the SQL that a function or DO block ran. */
  readonly internalCharacter?: number;
  readonly internalQuery?: string;
  /** Call stack, one line per level, innermost first. */
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly dataType?: string;
  readonly constraint?: string;
}
