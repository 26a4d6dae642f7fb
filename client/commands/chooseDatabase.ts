/** Chooses the target of a project: one that the workspace names, one typed in, or the embedded Postgres. */
import { l10n, ProgressLocation, type QuickPickItem, QuickPickItemKind, ThemeIcon, window } from 'vscode';
import {
  type CandidateItem,
  CandidatesRequest,
  ChooseDatabaseRequest,
  type ProjectItem,
  type TargetChoice,
  type TargetItem,
} from '../../server/protocol/messages';
import { withoutPassword } from '../connectionText';
import { faultOf } from '../faults';
import type { Parts } from '../parts';
import { labelOf } from '../words';
import type { Command } from './command';
import { askProject } from './subject';

export const chooseDatabase: Command = {
  id: 'rehearsal.chooseDatabase',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const choice = await askChoice(parts, project);
    if (!choice) return;
    const connected = await connect(parts, project, choice);
    if (!connected) return;
    await parts.targets.remember(project.folder, connected.choice);
    await parts.projects.refresh();
    void window.showInformationMessage(
      l10n.t('{0} is rehearsed for {1} from now on.', labelOf(project), connected.target.label),
    );
  },
};

type Row = QuickPickItem & { readonly choose?: () => Promise<TargetChoice | undefined> };

async function askChoice({ client }: Parts, project: ProjectItem): Promise<TargetChoice | undefined> {
  const candidates = await client.sendRequest(CandidatesRequest, { folder: project.folder });
  const rows: Row[] = [
    ...candidates.filter((it) => it.choice.kind === 'server').map(rowOf),
    { label: '', kind: QuickPickItemKind.Separator },
    {
      label: l10n.t('Enter Connection…'),
      description: l10n.t('URL or key=value'),
      iconPath: new ThemeIcon('edit'),
      choose: askConnection,
    },
    {
      label: l10n.t('Embedded Postgres'),
      description: l10n.t('needs no server; its data stays on this machine'),
      iconPath: new ThemeIcon('package'),
      choose: () => Promise.resolve({ kind: 'embedded' }),
    },
  ];
  const picked = await window.showQuickPick(rows, {
    title: l10n.t('Choose Database'),
    placeHolder: l10n.t('The database that the migrations in {0} are for', labelOf(project)),
    matchOnDescription: true,
  });
  return picked?.choose?.();
}

const rowOf = ({ label, source, local, choice }: CandidateItem): Row => ({
  label,
  description: local ? source : l10n.t('{0} · not on this machine', source),
  iconPath: new ThemeIcon(local ? 'database' : 'cloud'),
  choose: () => Promise.resolve(choice),
});

async function askConnection(): Promise<TargetChoice | undefined> {
  const text = await window.showInputBox({
    title: l10n.t('Enter Connection'),
    prompt: l10n.t('A URL or key=value pairs, as psql takes them. The password is kept in the keychain only.'),
    placeHolder: 'postgres://user@localhost:5432/shop_dev',
    ignoreFocusOut: true,
    validateInput: (it) => (it.trim() === '' ? l10n.t('Enter a connection.') : undefined),
  });
  if (text === undefined) return undefined;
  return choiceOf(withoutPassword(text));
}

const choiceOf = ({ connection, password }: ReturnType<typeof withoutPassword>): TargetChoice => ({
  kind: 'server',
  connection,
  ...(password === undefined ? {} : { password }),
});

interface Connected {
  readonly choice: TargetChoice;
  readonly target: TargetItem;
}

/** Lets the server connect, and asks for the password as long as it wants another. @returns undefined when the user turned away */
async function connect(parts: Parts, { folder }: ProjectItem, first: TargetChoice): Promise<Connected | undefined> {
  for (let choice = first; ; ) {
    try {
      const target = await window.withProgress(
        { location: ProgressLocation.Window, title: l10n.t('Connecting…') },
        () => parts.client.sendRequest(ChooseDatabaseRequest, { folder, choice }),
      );
      return { choice, target };
    } catch (error) {
      if (choice.kind === 'embedded' || !(error instanceof Error) || faultOf(error)?.fault !== 'wrong-password')
        throw error;
      const password = await askPassword(error.message);
      if (password === undefined) return undefined;
      choice = { kind: 'server', connection: choice.connection, password };
    }
  }
}

const askPassword = (why: string): Thenable<string | undefined> =>
  window.showInputBox({ title: l10n.t('Password'), prompt: why, password: true, ignoreFocusOut: true });
