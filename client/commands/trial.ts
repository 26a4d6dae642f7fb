/** Runs pending migrations on a copy of the target with its rows, shows the report, and asks what becomes of the copy. */
import { l10n, type QuickPickItem, QuickPickItemKind, window } from 'vscode';
import type { Consent, ProjectItem, Selected } from '../../server/protocol/messages';
import { ListSnapshotsRequest, type SnapshotItem } from '../../server/protocol/snapshots';
import { type TrialParams, TrialRequest, type TrialResult } from '../../server/protocol/trial';
import { askConsent, askName, sendWith } from '../consent';
import type { Parts } from '../parts';
import { nameOf, sizeOf, timeOf } from '../words';
import { saveFiles, selectStatement } from './applying';
import type { Command } from './command';
import { askProject, migrationOf } from './subject';
import { openPsql, throwAway } from './trying';

export const trial: Command = {
  id: 'rehearsal.trial',
  async run(parts, chosen) {
    const place = migrationOf(parts.projects, chosen);
    const project = place?.project ?? (await askProject(parts.projects, chosen));
    if (!project || !(await saveFiles(project))) return;
    const isPending = place?.migration.state === 'pending';
    const selected: Selected = isPending ? { upTo: place.migration.version } : {};
    const wish = await askSource(parts, project);
    if (wish) await tryOut(parts, project, selected, wish);
  },
};

type Wish = Pick<TrialParams, 'from' | 'afterwards'>;

/** Without psql there is nothing to look at a copy with. */
const afterwardsOf = ({ target }: ProjectItem): Wish['afterwards'] => (target.engine === 'embedded' ? 'drop' : 'keep');

async function askSource({ client }: Parts, project: ProjectItem): Promise<Wish | undefined> {
  const { folder, target } = project;
  const snapshots = await client.sendRequest(ListSnapshotsRequest, { folder });
  const rows: (QuickPickItem & { readonly wish?: Wish })[] = [
    ...(target.engine === 'embedded' ? [copyOfFile(project)] : copiesOf(project)),
    swapRow(project),
    ...(snapshots.length === 0 ? [] : [{ label: l10n.t('Snapshots'), kind: QuickPickItemKind.Separator }]),
    ...snapshots.map((it) => snapshotRow(project, it)),
  ];
  const placeHolder = l10n.t('Choose where the copy of {0} comes from', target.label);
  return (await window.showQuickPick(rows, { placeHolder, matchOnDetail: true }))?.wish;
}

const copyOfFile = (project: ProjectItem) => ({
  label: l10n.t('Copy'),
  detail: l10n.t('Of its file. The copy is thrown away at the end.'),
  wish: { from: 'auto', afterwards: afterwardsOf(project) } as const,
});

function copiesOf(project: ProjectItem) {
  const afterwards = afterwardsOf(project);
  return [
    {
      label: l10n.t('Copy that disturbs nobody'),
      detail: l10n.t('On the server where nobody is connected, else by dump and load.'),
      wish: { from: 'auto', afterwards } as const,
    },
    {
      label: l10n.t('Copy on the server'),
      detail: l10n.t('Fast and whole. Nobody may be connected while it is taken.'),
      wish: { from: 'copy', afterwards } as const,
    },
    {
      label: l10n.t('Dump and load'),
      detail: l10n.t('Others go on with their work. It takes longer.'),
      wish: { from: 'dump', afterwards } as const,
    },
  ];
}

const swapRow = ({ target }: ProjectItem) => ({
  label: l10n.t('Copy that becomes {0}', nameOf(target)),
  detail: l10n.t('When all ran. Nobody can connect until then; a snapshot keeps what was.'),
  wish: { from: 'auto', afterwards: 'swap' } as const,
});

const snapshotRow = (project: ProjectItem, { id, name, reason, taken, bytes }: SnapshotItem) => ({
  label: name ?? reason,
  description: `${timeOf(taken)} · ${sizeOf(bytes)}`,
  wish: { from: { snapshot: id }, afterwards: afterwardsOf(project) } as const,
});

async function tryOut(parts: Parts, project: ProjectItem, selected: Selected, wish: Wish): Promise<void> {
  const { target, folder } = project;
  const consent = await consentFor(project, wish);
  if (!consent) return;
  const result = await sendWith(consent, target, (agreed) =>
    parts.progress.show(l10n.t('Trial on a copy of {0}', nameOf(target)), (progress, token) =>
      parts.client.sendRequest(TrialRequest, { ...agreed, ...selected, ...wish, folder, progress }, token),
    ),
  );
  if (result) await tell(parts, project, selected, result);
}

async function consentFor({ target }: ProjectItem, { afterwards }: Wish): Promise<Consent | undefined> {
  if (afterwards !== 'swap')
    return target.local
      ? { disconnect: false }
      : askName(target, l10n.t('Try the migrations out on a copy of {0}?', target.label));
  return askConsent(target, {
    asks: l10n.t('Try the migrations out on a copy, and let it become {0}?', target.label),
    detail: l10n.t(
      'Nobody can connect to it before that is done. What it is now is kept as a snapshot. After a refusal nothing changes.',
    ),
    button: l10n.t('Try Out and Swap'),
  });
}

type Ended = Exclude<TrialResult, { readonly kind: 'busy' }>;

async function tell(parts: Parts, project: ProjectItem, selected: Selected, result: Ended): Promise<void> {
  const { target } = project;
  switch (result.kind) {
    case 'nothing':
      void window.showInformationMessage(l10n.t('There is nothing to do on {0}.', nameOf(target)));
      return;
    case 'cancelled':
      void window.showInformationMessage(l10n.t('Cancelled. {0}', result.state));
      return;
    case 'refused':
      await selectStatement(result);
      await parts.trialReports.show(target.label, result.report);
      await offer(
        parts,
        project,
        selected,
        result,
        l10n.t('{0} was refused on the copy: {1}', result.version, result.message),
      );
      return;
    case 'tried':
      await parts.trialReports.show(target.label, result.report);
      await offer(parts, project, selected, result, result.verdict);
  }
}

/** Whoever says nothing has no use for the copy any more. */
async function offer(
  parts: Parts,
  project: ProjectItem,
  selected: Selected,
  { kind, end }: Extract<Ended, { readonly kind: 'tried' | 'refused' }>,
  message: string,
): Promise<void> {
  const { target } = project;
  if (end.kind === 'swapped') {
    void window.showInformationMessage(l10n.t('{0} The copy is {1} now.', message, nameOf(target)));
    await parts.projects.refresh();
    return;
  }
  const [keep, discard] = [l10n.t('Keep Copy'), l10n.t('Throw Away')];
  const [psql, swap] = [l10n.t('Open with psql'), l10n.t('Swap…')];
  const choices = [...(end.kind === 'kept' ? [psql, keep, discard] : []), ...(kind === 'tried' ? [swap] : [])];
  const show = kind === 'tried' ? window.showInformationMessage : window.showErrorMessage;
  const chosen = await show(message, ...choices);
  if (end.kind === 'kept') {
    if (chosen === psql) await openPsql(parts, project, end.name);
    else if (chosen !== keep) await throwAway(parts, project, end.name);
  }
  // What was written since is not in that copy: another one is taken, with the door closed.
  if (chosen === swap) await tryOut(parts, project, selected, { from: 'auto', afterwards: 'swap' });
}
