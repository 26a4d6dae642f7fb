/** The outline of a migration: its scripts and their statements. Needs no database, so that it works in Restricted Mode. */
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DocumentSymbol, type Range, SymbolKind } from 'vscode-languageserver/node';
import { type TextRange, withoutMark } from '../engine/base/text';
import type { ObjectName, Statement } from '../engine/sql/statement';
import { loadParser, shapeOf } from '../engine/sql/parse';
import { statementsOf } from '../engine/sql/scan';
import { tokensOf } from '../engine/sql/tokens';
import { Fault } from '../engine/base/fault';
import { readFolder } from '../engine/layouts/find';
import type { Script } from '../engine/layouts/layout';
import { fileNameIn, fileOf, type MigrationFolder } from '../engine/layouts/migration';
import type { Feature } from './feature';
import { rangesIn } from './positions';
import { reply } from './reply';
import { pathOf } from './uri';
import type { Workspace } from './workspace';

export const symbols: Feature = {
  capabilities: { documentSymbolProvider: true },

  attach(connection, workspace, documents) {
    connection.onDocumentSymbol(
      reply(async ({ textDocument: { uri } }, signal) => {
        const document = documents.get(uri);
        const path = pathOf(uri);
        if (!document) return null;
        await loadParser();
        const text = withoutMark(document.getText());
        const scripts = path === undefined ? undefined : await scriptsOf(workspace, path, text);
        return outline(text, scripts, rangesIn(document.getText()), signal);
      }),
    );
  },
};

/** @returns undefined when the file is no migration */
async function scriptsOf(workspace: Workspace, path: string, text: string): Promise<readonly Script[] | undefined> {
  const project = await workspace.projectOf(path);
  const folder = project?.folder ?? folderAround(workspace, path);
  return folder?.layout.readName(fileNameIn(folder, path)) && fileOf(folder, path, text, workspace.files).scripts;
}

/** In Restricted Mode there are no projects; the names of the files beside it tell the tool. */
function folderAround({ trusted, files }: Workspace, path: string): MigrationFolder | undefined {
  if (trusted) return undefined;
  // Some tools have a folder for each migration.
  for (const folder of [dirname(path), dirname(dirname(path))]) {
    try {
      return readFolder(folder, files);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return undefined;
}

/**
 * @param scripts undefined for SQL that is no migration: its statements alone
 * @param rangeOf from offsets in `text` to the editor's positions
 */
export async function outline(
  text: string,
  scripts: readonly Script[] | undefined,
  rangeOf: (range: TextRange) => Range,
  signal: AbortSignal,
): Promise<DocumentSymbol[]> {
  const within = (range: TextRange) => statementSymbols(text, range, rangeOf, signal);
  if (!scripts) return within({ start: 0, end: text.length });
  const symbols: DocumentSymbol[] = [];
  for (const { direction, range } of scripts) {
    const children = await within(range);
    const place = rangeOf(range);
    const selection = children[0]?.selectionRange ?? place;
    symbols.push({ name: direction, kind: SymbolKind.Namespace, range: place, selectionRange: selection, children });
  }
  return symbols;
}

/** Statements between two turns of the event loop, so that a large file keeps nobody waiting. */
const statementsInTurn = 200;

async function statementSymbols(
  text: string,
  within: TextRange,
  rangeOf: (range: TextRange) => Range,
  signal: AbortSignal,
): Promise<DocumentSymbol[]> {
  const symbols: DocumentSymbol[] = [];
  for (const statement of statementsOf(text, within)) {
    if (symbols.length % statementsInTurn === 0) await nextTurn(undefined, { signal });
    const range = rangeOf(statement.range);
    symbols.push({ name: title(statement), kind: kindOf(statement), range, selectionRange: range });
  }
  return symbols;
}

/** Longest title, in UTF-16 code units. */
const longestTitle = 80;
/** Enough of a statement to read its title from. */
const headLength = 400;

/** The statement up to its first parenthesis or body, on one line: `create table app.users`. */
function title({ text }: Statement): string {
  let result = '';
  let end = 0;
  for (const { kind, text: token, range } of tokensOf(text.slice(0, headLength))) {
    if (kind === 'comment') continue;
    if (token === '(' || kind === 'dollarString') break;
    const gap = result !== '' && range.start > end ? ' ' : '';
    end = range.end;
    if (result.length + gap.length + token.length > longestTitle) return `${result}…`;
    result += gap + token;
  }
  return result || text.slice(0, longestTitle);
}

/** libpg_query needs time for longer ones, and they are rows to insert anyway. */
const longestParsed = 20_000;

function kindOf({ kind, text }: Statement): SymbolKind {
  if (kind === 'psql') return SymbolKind.Operator;
  if (kind === 'copyIn' || text.length > longestParsed) return SymbolKind.Array;
  const made = shapeOf(text).makes[0];
  return made ? kinds[made.kind] : SymbolKind.Event;
}

const kinds: Readonly<Record<ObjectName['kind'], SymbolKind>> = {
  relation: SymbolKind.Struct,
  column: SymbolKind.Field,
  type: SymbolKind.Enum,
  function: SymbolKind.Function,
  schema: SymbolKind.Namespace,
  role: SymbolKind.Object,
  index: SymbolKind.Key,
  constraint: SymbolKind.Property,
  extension: SymbolKind.Package,
  other: SymbolKind.Object,
};
