/** Writes the way back that was found and tried, after it was shown what it throws away. */
import { l10n, Range, Uri, window, workspace, WorkspaceEdit } from 'vscode';
import { WayBackRequest, type WayBackResult } from '../../server/protocol/verify';
import type { Command } from './command';
import { migrationMeant } from './subject';

type Found = Extract<WayBackResult, { kind: 'found' }>;

export const writeDown: Command = {
  id: 'rehearsal.writeDown',
  async run({ projects, progress, client }, chosen) {
    const place = migrationMeant(projects, chosen);
    const uri = place?.migration.uri;
    if (!place || uri === undefined) {
      void window.showInformationMessage(
        l10n.t('This is no migration. Open the file of one, or choose one in the view Migrations.'),
      );
      return;
    }
    const found = await progress.show(l10n.t('Looking for a way back'), (_, token) =>
      client.sendRequest(WayBackRequest, { folder: place.project.folder, uri }, token),
    );
    if (found.kind === 'found') return write(found);
    const says = [found.verdict.says, ...found.verdict.details].join('. ');
    if (found.kind === 'unneeded') void window.showInformationMessage(l10n.t('The way back: {0}', says));
    else void window.showWarningMessage(l10n.t('No way back was found that leads there. The way back: {0}', says));
  },
};

async function write({ sql, file, noFile, drops, verdict }: Found): Promise<void> {
  if (!file) {
    // Somebody may want to go back all the same.
    await window.showTextDocument(await workspace.openTextDocument({ language: 'sql', content: sql }));
    if (noFile !== undefined) void window.showInformationMessage(noFile);
    return;
  }
  const detail = [
    ...(drops.length > 0 ? [l10n.t('It throws away: {0}', drops.join(', '))] : []),
    ...verdict.details,
    sql,
  ].join('\n');
  const message = l10n.t('This way back was tried: {0}. Write it?', verdict.says);
  const yes = l10n.t('Write');
  if ((await window.showInformationMessage(message, { modal: true, detail }, yes)) !== yes) return;
  const uri = Uri.parse(file.uri);
  const edit = new WorkspaceEdit();
  edit.createFile(uri, { ignoreIfExists: true });
  edit.replace(uri, everything, file.text);
  await workspace.applyEdit(edit);
  await window.showTextDocument(uri);
}

/** The editor cuts it to what is there. */
const everything = new Range(0, 0, 1_000_000, 0);
