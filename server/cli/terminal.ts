/** Where a person or a script reads us: results on standard output, everything else on standard error. */
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { harmless } from './render/cells';

export interface Terminal {
  /** Writes a result. Once the reader has gone (`| head`), it is dropped: the exit code still tells the truth. */
  out(text: string): void;
  /** Writes a message, on a line of its own. */
  say(text: string): void;
  /** Shows what is going on: one line of a terminal that is written over, nothing elsewhere; undefined clears it. */
  progress(text: string | undefined): void;
  /** The same for what is worth a line in the log of a script; there only the part before a colon and a space, and only once. */
  step(text: string): void;
  /** True when there is somebody to answer. */
  readonly interactive: boolean;
  /** @returns the line typed, undefined when the input ended; rejects with the signal's reason */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** Colours for `out`. */
  readonly paint: Paint;
  /** Colours for `say`. */
  readonly paintMessage: Paint;
  /** Characters in a line. */
  readonly columns: number;
  /** Resolves when what was written has been handed over. */
  flushed(): Promise<void>;
}

export type Colour = 'red' | 'yellow' | 'blue' | 'cyan' | 'green' | 'gray' | 'bold';
export type Paint = (colours: Colour | Colour[], text: string) => string;

export const plain: Paint = (_, text) => text;
export const coloured: Paint = (colours, text) => styleText(colours, text, { validateStream: false });

/** As `paint` writes them. */
// oxlint-disable-next-line no-control-regex
const colour = /(\x1b\[\d{1,3}m)/;

const onOneLine = (text: string): string => harmless(text).replaceAll('\n', ' ');

/** What JSON may hold as it is, and a terminal might obey. */
const escapedInJson = (text: string): string =>
  text.replaceAll(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

type Environment = Readonly<Record<string, string | undefined>>;

/** `NO_COLOR` (no-color.org) and `FORCE_COLOR` (as Node reads it) overrule what the stream is. */
export function wantsColour(stream: { readonly isTTY?: boolean }, environment: Environment): boolean {
  const { FORCE_COLOR: force, NO_COLOR: refuse, TERM: kind } = environment;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (refuse) return false;
  return stream.isTTY === true && kind !== 'dumb';
}

/** @param quiet shows no progress */
export function openTerminal(
  { stdin, stdout, stderr }: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'>,
  environment: Environment,
  quiet: boolean,
): Terminal {
  const interactive = stdin.isTTY && stderr.isTTY;
  const open = whileRead([stdout, stderr]);
  let shown: string | undefined;
  let stepped: string | undefined;

  const write = (stream: NodeJS.WriteStream, text: string) => {
    if (open.has(stream)) stream.write(text);
  };
  const shownOn = (stream: NodeJS.WriteStream, text: string): string =>
    wantsColour(stream, environment) ? harmlessButColours(text) : harmless(text);
  const clear = () => {
    if (shown !== undefined) write(stderr, '\r\x1b[K');
    shown = undefined;
  };
  const progress = (text: string | undefined) => {
    if (quiet || !stderr.isTTY || text === shown) return;
    clear();
    shown = text;
    if (text !== undefined) write(stderr, onOneLine(text).slice(0, stderr.columns - 1));
  };
  return {
    out(text) {
      clear();
      write(stdout, quiet ? escapedInJson(text) : shownOn(stdout, text));
    },
    say(text) {
      clear();
      write(stderr, shownOn(stderr, text.endsWith('\n') ? text : `${text}\n`));
    },
    progress,
    step(text) {
      if (quiet || stderr.isTTY) return progress(text);
      const [heading] = text.split(': ');
      if (heading !== stepped) write(stderr, `${onOneLine(heading ?? '')}\n`);
      stepped = heading;
    },
    interactive,
    ask(question, signal) {
      clear();
      return lineFrom(stdin, stderr, shownOn(stderr, question), signal);
    },
    paint: wantsColour(stdout, environment) ? coloured : plain,
    paintMessage: wantsColour(stderr, environment) ? coloured : plain,
    columns: stdout.isTTY ? stdout.columns : 120,
    async flushed() {
      clear();
      for (const stream of open) await new Promise<void>((resolve) => stream.write('', () => resolve()));
    },
  };
}

/** Those that somebody still reads: a pipe may be closed at its other end. */
function whileRead(streams: readonly NodeJS.WriteStream[]): ReadonlySet<NodeJS.WriteStream> {
  const open = new Set(streams);
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EOF') throw error;
      open.delete(stream);
    });
  }
  return open;
}

/** Names of files, and what they and servers say, may be meant for the terminal; only colours are ours. */
const harmlessButColours = (text: string): string =>
  text
    .split(colour)
    .map((it, at) => (at % 2 === 0 ? harmless(it) : it))
    .join('');

/** @returns undefined when the input ends */
async function lineFrom(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Not as a terminal: then Ctrl-C stays a signal of the process, and one place handles it.
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } finally {
    lines.close();
  }
}
