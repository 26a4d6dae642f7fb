/**
 * node-pg-migrate's SQL files: which part is sent in which direction, and what it would not tell of.
 *
 * Facts from salsita/node-pg-migrate v9.0.0: src/sqlMigration.ts, src/operations/sql.ts.
 */
import { shifted, type TextRange } from '../base/text';
import type { FileProblem, MigrationFile, Script } from './layout';
import { endsOfShared } from './sharedTransaction';
import { statementsIn } from './statements';

const [up, down] = ['-- Up Migration', '-- Down Migration'];

export const hasMarker = (text: string): boolean => markerIn(text, 'up') >= 0;

/**
 * As `^\s*--[\s-]*up\s+migration` finds it: white space before the line, and after the dashes, may span lines. That
 * expression itself would take hours for a file of empty lines, so the words are looked for first.
 */
export function markerIn(text: string, direction: Script['direction']): number {
  for (const { index } of text.matchAll(new RegExp(`${direction}(?=\\s+migration)`, 'gi'))) {
    let start = index;
    while (start > 0 && /[\s-]/.test(text.charAt(start - 1))) start--;
    const before = text.slice(start, index);
    for (const { index: line } of before.matchAll(/^[^\S\n\r\u2028\u2029]*--/gm)) {
      // What stands behind other words of a line does not begin it.
      if (line === 0 && start > 0) continue;
      const blank = before.slice(0, line).length - before.slice(0, line).trimEnd().length;
      const from = line - blank;
      const begins = start === 0 && from === 0 ? 0 : before.slice(from, line).search(/[\n\r\u2028\u2029]/) + 1 + from;
      return start + (blank === 0 ? line : begins);
    }
  }
  return -1;
}

/** @param schemas those of the search_path that the tool sets */
export function readFile(fileName: string, text: string, schemas: readonly string[]): MigrationFile {
  const [, half] = /\.(up|down)\.sql$/.exec(fileName) ?? [];
  const whole = { start: 0, end: text.length };
  if (half !== undefined) return fileOf(text, [scriptOf(half === 'up' ? 'up' : 'down', whole, schemas)], []);
  const [upAt, downAt] = [markerIn(text, 'up'), markerIn(text, 'down')];
  const upRange = upAt < 0 ? whole : { start: upAt, end: downAt < upAt ? text.length : downAt };
  const scripts = [scriptOf('up', upRange, schemas)];
  if (downAt >= 0) scripts.push(scriptOf('down', { start: downAt, end: upAt < downAt ? text.length : upAt }, schemas));
  return fileOf(text, scripts, markerProblems(text, upAt, downAt));
}

/** Sent as one message. */
function scriptOf(direction: Script['direction'], range: TextRange, schemas: readonly string[]): Script {
  if (schemas.join() === 'public') return { direction, range, mode: 'transaction', pieces: [range] };
  // Set on the connection, in these words; a shadow's has not been told.
  const path = `SET search_path TO ${schemas.map((it) => `"${it}"`).join(', ')};`;
  const replaced = [{ range: { start: range.start, end: range.start }, text: path }];
  return { direction, range, mode: 'transaction', pieces: [{ ...range, replaced }] };
}

const fileOf = (text: string, scripts: readonly Script[], problems: readonly FileProblem[]): MigrationFile => ({
  scripts,
  problems: [...problems, ...scripts.flatMap((it) => endsOfShared('node-pg-migrate', text, it))],
});

function markerProblems(text: string, upAt: number, downAt: number): FileProblem[] {
  const problems: FileProblem[] = nearMarkers(text);
  const lineAt = (at: number): TextRange => {
    const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    const end = text.slice(start).search(/\r?\n|$/);
    return shifted({ start: 0, end }, start);
  };
  if (upAt < 0 && downAt >= 0)
    problems.push({
      range: lineAt(downAt),
      severity: 'error',
      code: 'node-pg-migrate-missing-up',
      message: `Without a line "${up}" node-pg-migrate runs the whole file as its up script, this part too.`,
      fixes: [{ title: `Put "${up}" above`, edits: [{ range: { start: 0, end: 0 }, text: `${up}\n` }] }],
    });
  if (upAt < 0) return problems;
  const before = { start: 0, end: downAt < 0 ? upAt : Math.min(upAt, downAt) };
  const lost = { direction: 'up', range: before, mode: 'transaction', pieces: [before] } as const;
  const [first] = statementsIn(text, lost);
  if (first)
    problems.push({
      range: first.range,
      severity: 'warning',
      code: 'node-pg-migrate-lost-text',
      message: `node-pg-migrate leaves out what stands before "${up}" and "${down}".`,
    });
  return problems;
}

/** Lines that are only nearly what the tool looks for. */
function nearMarkers(text: string): FileProblem[] {
  return [
    ...text.matchAll(/^[ \t]*--[ \t-]*(?:migrate[ \t:_-]*)?(up|down)(?:[ \t:_-]*migrat\w*)?[ \t:]*(?=\r?$)/gim),
  ].flatMap((found) => {
    const direction = found[1]?.toLowerCase() === 'up' ? 'up' : 'down';
    if (markerIn(found[0], direction) >= 0) return [];
    const start = found.index + found[0].indexOf('--');
    const range = { start, end: found.index + found[0].trimEnd().length };
    const wanted = direction === 'up' ? up : down;
    return [
      {
        range,
        severity: 'warning',
        code: 'node-pg-migrate-marker',
        message: `node-pg-migrate takes this for a comment: it looks for "${wanted}".`,
        fixes: [{ title: `Write "${wanted}"`, edits: [{ range, text: wanted }] }],
      },
    ];
  });
}
