/** What a tool has told of its programs, as the migrations of a folder whose files hold SQL. */
import { sep } from 'node:path';
import type { TextRange } from '../base/text';
import type { Lines, Operation, ToldMigration, ToldProject, ToldStatement } from '../programs/answer';
import type { FileProblem, Piece, Script } from './layout';
import type { AskedFile, Migration, MigrationFolder } from './migration';

/**
 * @param read text of a file by its absolute path; undefined where there is none that can be read
 * @returns the folder with the migrations that the tool knows of, in its order; those in packages of others as well
 */
export function askedFolder(
  folder: MigrationFolder,
  told: ToldProject,
  read: (path: string) => string | undefined,
): MigrationFolder {
  const asked = new Map<string, AskedFile>();
  const migrations = told.migrations.map((it, index): Migration => {
    const file = fileOf(it, read(it.path) ?? '', told.tool);
    // Nobody here can rewrite what a package brings.
    const isOwn = it.path.startsWith(folder.path + sep);
    asked.set(it.path, isOwn ? file : { ...file, problems: file.problems.filter(({ code }) => code !== 'not-sql') });
    return migrationOf(it, index);
  });
  return { ...folder, migrations, asked };
}

function migrationOf({ version, title, path, replaces = [], before = [] }: ToldMigration, index: number): Migration {
  const name = {
    version,
    digits: /\d+/.exec(version)?.[0] ?? '',
    order: String(index).padStart(8, '0'),
    title,
    direction: 'both',
    ...(replaces.length > 0 && { replaces }),
    ...(before.length > 0 && { recordedBy: before }),
  } as const;
  return { version, title, upPath: path, downPath: path, name };
}

function fileOf(told: ToldMigration, text: string, tool: string): AskedFile {
  const places = told.operations.map((it) => placeOf(it, text));
  const whole = { start: places[0]?.start ?? 0, end: places.at(-1)?.end ?? 0 };
  const scriptsOf = (direction: Script['direction'], statements: readonly ToldStatement[]): Script[] =>
    runsOf(statements).map((run) => ({
      direction,
      range: whole,
      mode: told.inTransaction && !run.some(({ alone }) => alone) ? 'transaction' : 'statements',
      pieces: run.map(({ operation, sql }) => pieceOf((operation !== null && places[operation]) || whole, sql)),
    }));
  const problems = [...told.operations.flatMap((it, i) => noteOf(it, places[i] ?? whole)), ...wayBackOf(told)];
  const sql = documentOf(told, tool);
  if (told.untold !== undefined)
    return { text, sql, scripts: [], problems, outside: `${tool} cannot tell its SQL: ${told.untold}` };
  const scripts = [...scriptsOf('up', told.up ?? []), ...(told.down ? scriptsOf('down', told.down) : [])];
  return { text, sql, scripts, problems };
}

/** Cut where a transaction begins or ends; one that is empty for no statements. */
function runsOf(statements: readonly ToldStatement[]): readonly (readonly ToldStatement[])[] {
  const runs: ToldStatement[][] = [[]];
  for (const it of statements) {
    const last = runs.at(-1);
    if (last && (last.length === 0 || (last[0]?.alone === it.alone && !it.begins))) last.push(it);
    else runs.push([it]);
  }
  return runs;
}

const pieceOf = (range: TextRange, sql: string): Piece => ({ ...range, replaced: [{ range, text: sql }] });

/** Of an operation whose place is not known, nothing: what is said of it stands at the beginning. */
const placeOf = ({ from, to }: Operation, text: string): TextRange =>
  from === undefined || to === undefined ? { start: 0, end: 0 } : linesIn(text, { from, to });

/** From the first sign in them to the last one that is no comma. */
export function linesIn(text: string, { from, to }: Lines): TextRange {
  const lines = [...text.matchAll(/[^\r\n]*(?:\r\n|\r|\n|$)/g)].slice(from - 1, to);
  const stretch = lines.map(([line]) => line).join('');
  const start = (lines[0]?.index ?? 0) + Math.max(0, stretch.search(/\S/));
  return { start, end: start + stretch.trim().replace(/,$/, '').length };
}

const noteOf = ({ note }: Operation, range: TextRange): FileProblem[] =>
  note === undefined ? [] : [{ range, severity: 'information', code: 'not-sql', message: note }];

const wayBackOf = ({ irreversible }: ToldMigration): FileProblem[] =>
  irreversible === undefined
    ? []
    : [
        {
          range: { start: 0, end: 0 },
          severity: 'information',
          code: 'irreversible',
          message: `It cannot be reverted: ${irreversible}.`,
          direction: 'down',
        },
      ];

/** As people read it. */
function documentOf(told: ToldMigration, tool: string): string {
  const head = `-- ${told.version}: what ${tool} sends for it${told.inTransaction ? ', in one transaction' : ', each statement by itself'}.`;
  if (told.untold !== undefined) return `${head}\n\n${commented(`Its SQL cannot be told: ${told.untold}`)}\n`;
  const back = backwardsOf(told);
  return `${head}\n\n-- Forwards\n\n${sectionOf(told, told.up ?? [])}\n\n-- Backwards\n\n${back}\n`;
}

function backwardsOf(told: ToldMigration): string {
  if (told.irreversible !== undefined) return commented(`It cannot be reverted: ${told.irreversible}.`);
  if (told.untoldDown !== undefined) return commented(`Its SQL backwards cannot be told: ${told.untoldDown}`);
  return sectionOf(told, told.down ?? []);
}

function sectionOf({ operations }: ToldMigration, statements: readonly ToldStatement[]): string {
  if (statements.length === 0) return '-- Nothing.';
  let last: number | null | undefined;
  return statements
    .map(({ operation, sql, alone }) => {
      const of = operation === null ? undefined : operations[operation];
      const heading =
        of && operation !== last ? `-- ${of.title}${of.from === undefined ? '' : ` (line ${of.from})`}\n` : '';
      last = operation;
      return `${heading}${alone ? '-- After a commit, by itself.\n' : ''}${sql.trimEnd().replace(/;?$/, ';')}`;
    })
    .join('\n\n');
}

const commented = (text: string): string => text.replaceAll(/^/gm, '-- ');
