/** Whether `atlas.sum` agrees with a file while it is written. Of the others the folder as a whole is told. */
import { atlasProblems } from './atlasProblems';
import { isLeftOut, linesOf, readSum, sumOf, type SumLine } from './atlasSum';
import type { FileProblem, Fix, FolderContents } from './layout';

/** Every file is digested with all before it, so that each would be read for each: only who is new is written. */
const mostLookedAt = 5;

export function sumProblems(fileName: string, text: string, read: FolderContents['read']): FileProblem[] {
  const sum = read('atlas.sum');
  if (sum === undefined || isLeftOut(text)) return [];
  const lines = readSum(sum);
  const at = lines.findIndex(({ name }) => name === fileName);
  if (at >= 0 && at < lines.length - mostLookedAt) return [];
  const names = [...new Set([...lines.map(({ name }) => name), fileName])].toSorted();
  const texts = names.map((name) => ({ name, text: name === fileName ? text : read(name) }));
  const known = texts.flatMap((it) => (it.text === undefined ? [] : [{ name: it.name, text: it.text }]));
  const fix = (): Fix | undefined =>
    known.length === texts.length
      ? {
          title: 'Write atlas.sum anew',
          path: 'atlas.sum',
          edits: [{ range: { start: 0, end: sum.length }, text: sumOf(known) }],
        }
      : undefined;
  // It is about the file as a whole, and must not stand in the way of what is told of its first line.
  const range = { start: 0, end: 0 };
  if (at < 0) return [atlasProblems.sum(range, 'added', fix())];
  const computed = linesOf(known);
  const differs = differsAt(lines, computed, at);
  // What stands before it changes its digest, too.
  return differs && !(at > 0 && differsAt(lines, computed, at - 1)) ? [atlasProblems.sum(range, 'edited', fix())] : [];
}

const differsAt = (lines: readonly SumLine[], computed: readonly SumLine[], at: number): boolean =>
  computed.find(({ name }) => name === lines[at]?.name)?.hash !== lines[at]?.hash;
