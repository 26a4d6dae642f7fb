/** Runs a script of ours in the language of a tool: a line of JSON on its input asks, lines on its output tell. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { jsonIn } from '../base/json';
import { systemCode } from '../base/systemError';

export interface ProgramCall {
  /** The interpreter, and what stands before the script: `['bundle', 'exec', 'ruby']`. */
  readonly interpreter: readonly [string, ...string[]];
  /** Absolute path. */
  readonly script: string;
  /** Where the tool is called. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly question: unknown;
  /** Called for each line, in order. */
  readonly onTold: (told: unknown) => void;
  /** What the project itself prints, for the log. */
  readonly log: (line: string) => void;
  /** Nothing waits for ever; in milliseconds. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** How long nothing more of what it has printed may come, once it has ended, in milliseconds. */
const drainMs = 3_000;
/** Characters of a line: the rest of it is passed over. */
const mostAnswered = 256 * 1024 * 1024;
const mostLogged = 10_000;

/** How long a program that was asked to end may take, in milliseconds. */
const graceMs = 5_000;

/**
 * @returns its exit code; undefined when it was ended by a signal, the limit among them
 * @throws the system's error when the interpreter cannot be started; what `onTold` throws, once the program has ended
 */
export async function runProgram(call: ProgramCall): Promise<number | undefined> {
  const { interpreter, script, folder, environment, question, onTold, log, limitMs, signal } = call;
  const [command, ...before] = interpreter;
  const child = spawn(command, [...before, script], {
    cwd: folder,
    env: { ...environment, PYTHONIOENCODING: 'utf-8', PYTHONDONTWRITEBYTECODE: '1' },
    // In a group of its own, so that it ends with all that it has started.
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? undefined));
  });
  // It watches its input for our end.
  child.once('exit', () => {
    child.stdin.end();
    // A daemon that it has left behind may hold its output for ever.
    const outputs = [child.stdout, child.stderr];
    const silence = setTimeout(() => outputs.forEach((it) => it.destroy()), drainMs);
    for (const it of outputs) it.on('data', () => silence.refresh());
    child.once('close', () => clearTimeout(silence));
  });
  const end = (): void => endGroup(child);
  let failure: { readonly error: unknown } | undefined;
  readLines(child.stdout, mostAnswered, (line) => {
    const told = jsonIn(line);
    // What is torn may hold a password.
    try {
      if (told === undefined) log(`a line of ${line.length} characters that is no JSON`);
      else onTold(told);
    } catch (error) {
      failure ??= { error };
      end();
    }
  });
  readLines(child.stderr, mostLogged, (line) => log(withoutPasswords(line)));
  // One that has ended before it read the question is told of by its exit code.
  child.stdin.once('error', () => {});
  child.stdin.write(`${JSON.stringify(question)}\n`);
  const limit = setTimeout(end, limitMs);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    const code = await ended;
    if (failure) throw failure.error;
    return code;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', end);
  }
}

function readLines(input: Readable, most: number, take: (line: string) => void): void {
  let begun = '';
  input.setEncoding('utf8').on('data', (text: string) => {
    const lines = text.split('\n');
    lines.forEach((part, i) => {
      if (begun.length < most) begun += part;
      if (i === lines.length - 1) return;
      take(begun.replace(/\r$/, ''));
      begun = '';
    });
  });
  input.on('end', () => {
    if (begun !== '') take(begun);
  });
}

/** Of connection texts, as drivers repeat them in what they complain of. */
export const withoutPasswords = (text: string): string =>
  text.replaceAll(/(\/\/[^\s:/@]*:)[^\s@]+(?=@)/g, '$1***').replaceAll(/(\bpassword\s*=\s*)\S+/gi, '$1***');

/** As Ctrl-C does, then without asking. */
function endGroup(child: ChildProcess): void {
  send(child, 'SIGINT');
  const force = setTimeout(() => send(child, 'SIGKILL'), graceMs);
  child.once('close', () => clearTimeout(force));
}

function send(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    if (child.exitCode === null) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
    return;
  }
  // It may have ended before what it has started.
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // For macOS a group of processes that have ended is one of somebody else.
    if (!['ESRCH', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
  }
}
