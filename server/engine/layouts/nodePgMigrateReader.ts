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

export const hasMarker = (text: string): boolean => markerOf('up').test(text);

/** White space before the line, and after the dashes, may span lines. */
const markerOf = (direction: Script['direction']): RegExp =>
  new RegExp(`^\\s*--[\\s-]*${direction}\\s+migration`, 'im');

/** @param path the schemas of search_path that the tool sets */
export function readFile(fileName: string, text: string, schemas: readonly string[]): MigrationFile {
  const [, half] = /\.(up|down)\.sql$/.exec(fileName) ?? [];
  const whole = { start: 0, end: text.length };
  if (half !== undefined) return fileOf(text, [scriptOf(half === 'up' ? 'up' : 'down', whole, schemas)], []);
  const [upAt, downAt] = [text.search(markerOf('up')), text.search(markerOf('down'))];
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
    if (markerOf(direction).test(found[0])) return [];
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
