/** How the server process talks to its editor, and how it ends when the editor is gone. */
import {
  type Connection,
  createConnection,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';

/** Longest time for ending servers and workers before the process ends without them, in milliseconds. */
const longestCloseMs = 5_000;

export interface Transport {
  readonly connection: Connection;
  /** Ends the process when the editor is gone without a word, after `close`. */
  onGone(close: () => Promise<void>): void;
}

/** `--stdio` for any editor; `--node-ipc`, `--pipe` and `--socket` as the library reads them. */
export function connect(): Transport {
  if (!process.argv.includes('--stdio')) return fromArguments();
  // Streams handed over as they are would end the process at once, with no time to end a private server.
  const connection = createConnection(
    ProposedFeatures.all,
    new StreamMessageReader(process.stdin),
    new StreamMessageWriter(process.stdout),
  );
  // Standard output belongs to the protocol: a library that prints would break it.
  console.log = console.info = console.debug = console.error;
  return {
    connection,
    onGone: (close) => {
      process.stdin.once('end', () => endAfter(close));
      process.stdin.once('close', () => endAfter(close));
    },
  };
}

function fromArguments(): Transport {
  return {
    connection: createConnection(ProposedFeatures.all),
    onGone: (close) => process.once('disconnect', () => endAfter(close)),
  };
}

let ending = false;

function endAfter(close: () => Promise<void>): void {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(1), longestCloseMs).unref();
  close().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
