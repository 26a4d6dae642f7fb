/** What Atlas refuses in a file, or takes otherwise than it looks. */
import type { TextRange } from '../base/text';
import type { FileProblem, Fix } from './layout';

type What = Pick<FileProblem, 'code' | 'range'>;

const refused = (what: What, why: string, fixes: readonly Fix[] = []): FileProblem => ({
  ...what,
  severity: 'error',
  message: `Atlas refuses this file: ${why}`,
  ...(fixes.length > 0 ? { fixes } : {}),
});

export const atlasProblems = {
  /** @param sum as `atlas migrate hash` would write it; undefined where a file is missing */
  sum: (range: TextRange, reason: 'added' | 'edited', sum: Fix | undefined): FileProblem => ({
    range,
    severity: 'error',
    code: 'atlas-sum',
    message:
      reason === 'added'
        ? 'Atlas refuses the whole folder: this file is not in atlas.sum. Run atlas migrate hash.'
        : 'Atlas refuses the whole folder: this file is another one than atlas.sum says. Run atlas migrate hash when the edit is meant.',
    ...(sum ? { fixes: [sum] } : {}),
  }),
  twoModes: (range: TextRange) =>
    refused({ code: 'atlas-txmode', range }, 'it has several lines "-- atlas:txmode".', [
      { title: 'Take this line away', edits: [{ range, text: '' }] },
    ]),
  unknownMode: (range: TextRange, mode: string) =>
    refused({ code: 'atlas-txmode', range }, `"${mode}" is no mode of a file; there are "none" and "file".`, [
      { title: 'Run it in a transaction', edits: [{ range, text: '-- atlas:txmode file' }] },
      { title: 'Run it without one', edits: [{ range, text: '-- atlas:txmode none' }] },
    ]),
  modeOfAll: (range: TextRange) =>
    refused({ code: 'atlas-txmode', range }, 'atlas.hcl has all files run in one transaction, and no file may differ.'),
  stray: (range: TextRange, name: string): FileProblem => ({
    range,
    severity: 'warning',
    code: 'atlas-stray-directive',
    message: `Atlas passes over this line: "atlas:${name}" counts in the first lines of a file, with an empty line behind them.`,
    fixes: [
      {
        title: 'Put an empty line behind it',
        edits: [{ range: { start: range.end, end: range.end }, text: '\n' }],
      },
    ],
  }),
  unreadable: (at: number, says: string, text: string) =>
    refused({ code: 'atlas-unreadable', range: { start: at, end: Math.min(text.length, at + 1) } }, `${says}.`),
} as const;
