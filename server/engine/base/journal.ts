/**
 * Write-ahead notes about work that changes a database: one file per piece of work, one line per step, on disk before
 * the step is taken, gone when all is done. A file that is still there later tells what was cut off, and where.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { flushFolder, guarded, makeFolder } from './durable';

/** Plain data; `step` says what is about to be done. */
export interface Step {
  readonly step: string;
}

export interface Journal<S extends Step> {
  /** @throws {Fault} `disk-full`, `not-writable`; then the step must not be taken */
  note(step: S): void;
  /** False when it has been closed or left. */
  readonly open: boolean;
  /** All is done or undone: the notes are thrown away. */
  close(): void;
  /** What was noted stays for the next start; the outcome is not known. */
  leave(): void;
}

/** Work that was begun and neither finished nor undone. */
export interface CutOff<S extends Step> {
  readonly path: string;
  /** When it began, ISO 8601. */
  readonly begun: string;
  /** In the order they were begun; the last one may or may not have had its effect. */
  readonly steps: readonly S[];
}

/**
 * @param about names the database (without secrets); the notes are found again by it
 * @param topic the kind of work, such as `snapshot`
 * @throws {Fault} `disk-full`, `not-writable`
 */
export function openJournal<S extends Step>(storage: string, topic: string, about: string, now: Date): Journal<S> {
  const folder = journalFolder(storage);
  const begun = now.toISOString();
  const path = join(folder, `${topic}-${begun.replaceAll(/\D/g, '')}-${randomBytes(4).toString('hex')}.jsonl`);
  const file = guarded(path, () => {
    makeFolder(folder);
    return openSync(path, 'ax', 0o600);
  });
  const append = (value: unknown): void =>
    guarded(path, () => {
      writeSync(file, `${JSON.stringify(value)}\n`);
      fsyncSync(file);
    });
  let open = true;
  const leave = (): void => {
    if (open) closeSync(file);
    open = false;
  };
  const close = (): void => {
    leave();
    forget(path);
  };
  try {
    append({ about, begun } satisfies Head);
    guarded(path, () => flushFolder(folder));
  } catch (cause) {
    close();
    throw cause;
  }
  return {
    note: append,
    leave,
    close,
    get open() {
      return open;
    },
  };
}

interface Head {
  readonly about: string;
  readonly begun: string;
}

/**
 * What was begun on one database and has left its notes: cut off, or going on just now.
 *
 * @param isStep tells a step of this topic; lines that are none (torn by the crash) are passed over
 */
export function readJournals<S extends Step>(
  storage: string,
  topic: string,
  about: string,
  isStep: (value: unknown) => value is S,
): readonly CutOff<S>[] {
  const folder = journalFolder(storage);
  const found: CutOff<S>[] = [];
  for (const name of namesIn(folder)) {
    if (!name.startsWith(`${topic}-`) || !name.endsWith('.jsonl')) continue;
    const path = join(folder, name);
    const [head, ...steps] = linesOf(path);
    if (!isHead(head) || head.about !== about) continue;
    found.push({ path, begun: head.begun, steps: steps.filter(isStep) });
  }
  return found;
}

/** What was cut off has been finished or undone. */
export function forget(path: string): void {
  guarded(path, () => rmSync(path, { force: true }));
}

const journalFolder = (storage: string): string => join(storage, 'journal');

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw cause;
  }
}

function linesOf(path: string): readonly unknown[] {
  try {
    return readFileSync(path, 'utf8').split('\n').map(parsed);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw cause;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

const isMissing = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';

const isHead = (value: unknown): value is Head =>
  typeof value === 'object' &&
  value !== null &&
  'about' in value &&
  typeof value.about === 'string' &&
  'begun' in value &&
  typeof value.begun === 'string';
