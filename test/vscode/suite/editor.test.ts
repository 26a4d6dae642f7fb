/** Findings, lenses and formatting in the editor. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import {
  type CodeLens,
  commands,
  type Diagnostic,
  DiagnosticSeverity,
  languages,
  type TextDocument,
  type TextEdit,
  window,
} from 'vscode';
import { closeEditors, openFile, theExtension, until } from './support';

const mistaken = 'db/migrations/20240402150000_order_totals.sql';

describe('editor', () => {
  before(theExtension);
  afterEach(async () => {
    await commands.executeCommand('workbench.action.files.revert');
    await closeEditors();
  });

  it('marks what Postgres refuses, to the character, behind an emoji', async () => {
    const document = await openFile(mistaken);
    const [found] = await errorsOf(document, 1);
    equal(document.getText(found!.range), 'p.price');
    match(found!.message, /column p\.price does not exist/);
    equal(found!.source, 'Rehearsal');
  });

  it('an edit takes the mark away, and another brings it back', async () => {
    const document = await openFile(mistaken);
    const [found] = await errorsOf(document, 1);
    const editor = window.activeTextEditor!;
    await editor.edit((edit) => edit.replace(found!.range, 'p.price_cents'));
    await errorsOf(document, 0);
    await commands.executeCommand('undo');
    await errorsOf(document, 1);
  });

  it('a migration that Postgres accepts has no mark', async () => {
    const document = await openFile('db/migrations/20240203120000_create_orders.sql');
    await until('the lens of a rehearsed file', async () => (await lensTitles(document)).find(isRehearsed));
    deepEqual(languages.getDiagnostics(document.uri), []);
  });

  it('says above the script where it was rehearsed, and offers to preview and to apply', async () => {
    const document = await openFile(mistaken);
    const titles = await until('lenses', async () => {
      const all = await lensTitles(document);
      return all.some(isRehearsed) ? all : undefined;
    });
    match(titles[0]!, /^Rehearsed in [\d.]+ ms on .*, 1 refused$/);
    ok(titles.includes('Preview'));
    ok(titles.includes('Apply'));
  });

  it('tells the state of the file in the language status', async () => {
    const { languageStatus } = await theExtension();
    const document = await openFile(mistaken);
    await errorsOf(document, 1);
    await until('the language status', () => languageStatus.text.startsWith('Rehearsed in') || undefined);
    match(languageStatus.detail!, / \(.+\) · A statement that takes longer than the statement timeout /);
  });

  it('formats the SQL and keeps the markers of the tool', async () => {
    const document = await openFile(mistaken);
    const edits = await commands.executeCommand<TextEdit[] | undefined>(
      'vscode.executeFormatDocumentProvider',
      document.uri,
      { tabSize: 2, insertSpaces: true },
    );
    ok(edits && edits.length > 0);
    const editor = window.activeTextEditor!;
    await editor.edit((edit) => edits.forEach(({ range, newText }) => edit.replace(range, newText)));
    match(document.getText(), /^-- migrate:up$/m);
    match(document.getText(), /^-- migrate:down$/m);
    match(document.getText(), /🧾/);
  });
});

/** Waits until the file has so many errors. */
async function errorsOf(document: TextDocument, count: number): Promise<Diagnostic[]> {
  return until(`${count} errors in ${document.fileName}`, () => {
    const errors = languages.getDiagnostics(document.uri).filter((it) => it.severity === DiagnosticSeverity.Error);
    return errors.length === count ? errors : undefined;
  });
}

async function lensTitles({ uri }: TextDocument): Promise<string[]> {
  const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', uri);
  return lenses.map((it) => it.command?.title ?? '');
}

const isRehearsed = (title: string): boolean => title.startsWith('Rehearsed in');
