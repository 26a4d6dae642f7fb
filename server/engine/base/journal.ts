/**
 * Write-ahead notes about work that changes a database: one file per piece of work, one line per step, on disk before
 * the step is taken, gone when all is done. A file that is still there later tells what was cut off, and where.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { flushFolder, guarded, makeFolder, unlessMissing } from './durable';
import { jsonIn } from './json';

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

/** Where a database is, however it is spelt and whoever connects. */
export interface Whereabouts {
  /** As `serverIdentity`. */
  readonly server: string;
  readonly database: string;
}

/** Work that was begun and neither finished nor undone. */
export interface CutOff<S extends Step> extends Head {
  readonly path: string;
  /** In the order they were begun; the last one may or may not have had its effect. */
  readonly steps: readonly S[];
}

/**
 * @param about names the database (without secrets); the notes are found again by it, and by `at` where that is known
 * @param topic the kind of work, such as `snapshot`
 * @throws {Fault} `disk-full`, `not-writable`
 */
export function openJournal<S extends Step>(
  storage: string,
  topic: string,
  about: string,
  now: Date,
  at?: Whereabouts,
): Journal<S> {
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
    append({ about, begun, ...(at && { at }) } satisfies Head);
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
  /** When it began, ISO 8601. */
  readonly begun: string;
  readonly at?: Whereabouts;
}

/**
 * What was begun and has left its notes: cut off, or going on just now.
 *
 * @param isMeant tells by its head
 * @param isStep tells a step of this topic; lines that are none (torn by the crash) are passed over
 */
export function readJournals<S extends Step>(
  storage: string,
  topic: string,
  isMeant: (head: Head) => boolean,
  isStep: (value: unknown) => value is S,
): readonly CutOff<S>[] {
  const folder = journalFolder(storage);
  const found: CutOff<S>[] = [];
  for (const name of namesIn(folder)) {
    if (!name.startsWith(`${topic}-`) || !name.endsWith('.jsonl')) continue;
    const path = join(folder, name);
    const [head, ...steps] = linesOf(path);
    if (!isHead(head) || !isMeant(head)) continue;
    found.push({ ...head, path, steps: steps.filter(isStep) });
  }
  return found;
}

/** Of the database of this name, by the same spelling of its server and the same user. */
export const isAbout =
  (id: string) =>
  ({ about }: Head): boolean =>
    about === id;

/** What was cut off has been finished or undone. */
export function forget(path: string): void {
  guarded(path, () => rmSync(path, { force: true }));
}

const journalFolder = (storage: string): string => join(storage, 'journal');

const namesIn = (folder: string): readonly string[] => unlessMissing(() => readdirSync(folder).toSorted()) ?? [];

const linesOf = (path: string): readonly unknown[] =>
  unlessMissing(() => readFileSync(path, 'utf8').split('\n').map(jsonIn)) ?? [];

const isHead = (value: unknown): value is Head =>
  typeof value === 'object' &&
  value !== null &&
  'about' in value &&
  typeof value.about === 'string' &&
  'begun' in value &&
  typeof value.begun === 'string' &&
  (!('at' in value) || isWhereabouts(value.at));

const isWhereabouts = (value: unknown): value is Whereabouts =>
  typeof value === 'object' &&
  value !== null &&
  'server' in value &&
  typeof value.server === 'string' &&
  'database' in value &&
  typeof value.database === 'string';
