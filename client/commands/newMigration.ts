/** Writes the files of a new migration and opens the first with the cursor where the SQL goes. */
import { l10n, Range, Uri, window, workspace } from 'vscode';
import { NewMigrationRequest } from '../../server/protocol/messages';
import type { Parts } from '../parts';
import type { Command } from './command';
import { askProject } from './subject';

export const newMigration: Command = {
  id: 'rehearsal.newMigration',
  async run(parts, chosen) {
    const place = await askPlace(parts, chosen);
    if (!place) return;
    const title = await window.showInputBox({
      title: l10n.t('New Migration'),
      prompt: l10n.t('What does it do?'),
      placeHolder: l10n.t('add email to customers'),
      validateInput: (text) => (text.trim() === '' ? l10n.t('Give it a name.') : undefined),
    });
    if (title === undefined || title.trim() === '') return;
    const { uri, offset } = await parts.client.sendRequest(NewMigrationRequest, { ...place, title: title.trim() });
    const document = await workspace.openTextDocument(Uri.parse(uri));
    const cursor = document.positionAt(offset);
    await window.showTextDocument(document, {
      selection: document.validateRange(new Range(cursor, cursor)),
      // What is only looked at next would take its place.
      preview: false,
    });
    await parts.projects.refresh();
  },
};

interface NewPlace {
  readonly folder: string;
  readonly layout?: string;
}

/** Where there are no migrations yet, the first one asks where they shall be and for which tool. */
async function askPlace({ projects }: Parts, chosen: unknown): Promise<NewPlace | undefined> {
  await projects.first;
  if (projects.current.length > 0) return askProject(projects, chosen);
  const root = await askRoot();
  if (!root) return undefined;
  const layout = await window.showQuickPick(layouts(), { placeHolder: l10n.t('Which tool runs your migrations?') });
  if (!layout) return undefined;
  const folder = await window.showInputBox({
    title: l10n.t('New Migration'),
    prompt: l10n.t('Folder of the migrations in {0}', root.name),
    value: layout.folder,
    validateInput: (text) => (text.trim() === '' ? l10n.t('Name a folder.') : undefined),
  });
  if (folder === undefined) return undefined;
  return { folder: Uri.joinPath(root.uri, folder.trim()).toString(), layout: layout.label };
}

async function askRoot() {
  const [first, ...others] = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  return others.length === 0 ? first : window.showWorkspaceFolderPick();
}

/** Names as in `rehearsal.layout`, with the folder that each tool takes by itself. */
const layouts = () => [
  { label: 'dbmate', description: l10n.t('one file with up and down'), folder: 'db/migrations' },
  { label: 'golang-migrate', description: l10n.t('an up file and a down file'), folder: 'migrations' },
  { label: 'goose', description: l10n.t('one file with up and down'), folder: 'migrations' },
  { label: 'flyway', description: l10n.t('one file, up only'), folder: 'sql' },
  { label: 'graphile-migrate', description: l10n.t('one current file, committed later'), folder: 'migrations' },
  { label: 'prisma', description: l10n.t('a folder with migration.sql'), folder: 'prisma/migrations' },
  { label: 'supabase', description: l10n.t('one file, and no way down'), folder: 'supabase/migrations' },
  { label: 'atlas', description: l10n.t('one file, and its line in atlas.sum'), folder: 'migrations' },
  { label: 'sqlx', description: l10n.t('one file, up only'), folder: 'migrations' },
  { label: 'diesel', description: l10n.t('a folder with up.sql and down.sql'), folder: 'migrations' },
  { label: 'drizzle', description: l10n.t('a file and its entry in the journal'), folder: 'drizzle' },
  { label: 'node-pg-migrate', description: l10n.t('one file with up and down'), folder: 'migrations' },
  { label: 'liquibase', description: l10n.t('one file with changesets'), folder: 'db/changelog' },
  { label: 'sqitch', description: l10n.t('deploy, revert and verify scripts, and a line in the plan'), folder: '.' },
  { label: 'numbered', description: l10n.t('plain numbered files'), folder: 'migrations' },
];
