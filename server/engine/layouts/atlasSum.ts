/**
 * `atlas.sum`: a line for each file with a digest of all files up to it, and one of all lines.
 *
 * Facts from ariga/atlas, sql/migrate/dir.go: NewHashFile, HashFile.Sum, Validate.
 */
import { createHash, type Hash } from 'node:crypto';

export interface SummedFile {
  readonly name: string;
  /** With its byte order mark. */
  readonly text: string;
}

/** @param files by name, in the order of names */
export function sumOf(files: readonly SummedFile[]): string {
  const lines = linesOf(files);
  const whole = createHash('sha256');
  for (const { name, hash } of lines) whole.update(name).update(hash);
  return `h1:${whole.digest('base64')}\n${lines.map(({ name, hash }) => `${name} h1:${hash}\n`).join('')}`;
}

export interface SumLine {
  readonly name: string;
  /** Without `h1:`. */
  readonly hash: string;
}

/** A file that asks for it has none, but its name goes into those behind it. */
export function linesOf(files: readonly SummedFile[]): SumLine[] {
  const running = createHash('sha256');
  return files.flatMap(({ name, text }) => {
    running.update(name);
    if (isLeftOut(text)) return [];
    running.update(text);
    return [{ name, hash: digestOf(running) }];
  });
}

/** What stands in the file; empty where it is none. */
export const readSum = (text: string): SumLine[] =>
  text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [name, hash] = line.split('h1:', 2);
      return name === undefined || hash === undefined ? [] : [{ name: name.trim(), hash }];
    });

/** `atlas:sum ignore` in its first line. */
export const isLeftOut = (text: string): boolean => /^[ -~]*atlas:sum +ignore$/.test(text.split(/\r?\n/, 1)[0] ?? '');

const digestOf = (running: Hash): string => running.copy().digest('base64');

export interface SumTrouble {
  readonly name: string;
  readonly reason: 'added' | 'edited' | 'removed';
}

/** The first that does not agree, as Atlas tells it. */
export function troubleIn(written: readonly SumLine[], computed: readonly SumLine[]): SumTrouble | undefined {
  const at = written.findIndex(({ name, hash }, i) => computed[i]?.name !== name || computed[i].hash !== hash);
  const line = written[at];
  if (!line) {
    const next = computed[written.length];
    return next && { name: next.name, reason: 'added' };
  }
  const place = computed.findIndex(({ name }) => name === line.name);
  if (place < 0) return { name: line.name, reason: 'removed' };
  if (place === at) return { name: line.name, reason: 'edited' };
  return { name: computed[at]?.name ?? line.name, reason: 'added' };
}
