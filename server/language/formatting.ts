/** Formatting of a document or a part of it. A migration that has been applied is not touched. */
import { basename } from 'node:path';
import type { FormattingOptions, TextEdit } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { Fault } from '../engine/base/fault';
import { fileOf } from '../engine/layouts/migration';
import { type TextRange, withoutMark } from '../engine/base/text';
import type { Project } from '../engine/project';
import type { Feature } from './feature';
import { formatEdits } from './format';
import { offsetsIn, rangesIn } from './positions';
import { reply } from './reply';
import { pathOf } from './uri';
import type { Workspace } from './workspace';

export const formatting: Feature = {
  capabilities: { documentFormattingProvider: true, documentRangeFormattingProvider: true },

  attach(connection, workspace, documents) {
    connection.onDocumentFormatting(
      reply(({ textDocument, options }, signal) => {
        const document = documents.get(textDocument.uri);
        return document ? format(workspace, document, options, undefined, signal) : null;
      }),
    );
    connection.onDocumentRangeFormatting(
      reply(({ textDocument, options, range }, signal) => {
        const document = documents.get(textDocument.uri);
        if (!document) return null;
        const offset = offsetsIn(document);
        return format(workspace, document, options, { start: offset(range.start), end: offset(range.end) }, signal);
      }),
    );
  },
};

async function format(
  workspace: Workspace,
  document: TextDocument,
  layout: FormattingOptions,
  within: TextRange | undefined,
  signal: AbortSignal,
): Promise<TextEdit[] | null> {
  if (!workspace.trusted) return null;
  const path = pathOf(document.uri);
  const project = path === undefined ? undefined : await workspace.projectOf(path);
  if (project && path !== undefined) await mustBePending(project, path);
  const text = withoutMark(document.getText());
  const whole = { start: 0, end: text.length };
  const { files } = workspace;
  const scripts = project && path !== undefined ? fileOf(project.folder, path, text, files).scripts : undefined;
  const parts = scripts ? scripts.map(({ range }) => range) : [whole];
  const rangeOf = rangesIn(document.getText());
  const edits = await formatEdits(text, parts, layout, within ?? whole, signal);
  return edits.map(({ range, text: newText }) => ({ range: rangeOf(range), newText }));
}

/**
 * As the last look at the target has it.
 *
 * @throws {Fault} `already-applied`, and whatever keeps the history from being read
 */
async function mustBePending(project: Project, path: string): Promise<void> {
  const { migrations } = await project.status();
  const found = migrations.find(({ migration }) => migration?.upPath === path || migration?.downPath === path);
  if (found?.state !== 'applied' && found?.state !== 'edited') return;
  const detail = `${basename(path)} is in ${project.target.label} as it stands, and formatting would change it.`;
  throw new Fault('already-applied', detail);
}
