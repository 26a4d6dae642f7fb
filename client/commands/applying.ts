/** What the commands that apply and revert have in common: ask, show progress, tell how it ended. */
import { l10n, Selection, Uri, window, workspace } from 'vscode';
import {
  ApplyRequest,
  type ApplyResult,
  MayApplyRequest,
  type MayApplyResult,
  type MigrationItem,
  type ProjectItem,
  type Selected,
} from '../../server/protocol/messages';
import { askConsent, type Question, sendWith } from '../consent';
import { titleOf } from '../faults';
import type { Parts } from '../parts';
import { filesOf } from '../projects';
import { rangeOf } from '../ranges';
import { refusalText } from '../refusalText';
import { rehearsed, upToTen } from './rehearsed';
import { restore } from './revertToSnapshot';
import { fullNameOf, nameOf } from '../words';

/** @param names what is applied, for people: `2 migrations`, `000013_add_email` */
export async function applyTo(parts: Parts, project: ProjectItem, selected: Selected, names: string): Promise<void> {
  const { target, folder } = project;
  if (!(await saveFiles(project))) return;
  const known = await parts.progress.show(l10n.t('Looking at {0}', nameOf(target)), (_, token) =>
    parts.client.sendRequest(MayApplyRequest, { folder, ...selected }, token),
  );
  switch (known.kind) {
    case 'nothingKnown':
      return askAndApply(parts, project, selected, names);
    case 'outOfOrder':
      return offerUpToHere(parts, project, selected, known);
  }
}

async function askAndApply(parts: Parts, project: ProjectItem, selected: Selected, names: string): Promise<void> {
  const { target, folder } = project;
  const migrations = chosen(project, selected);
  const { told, safer } = await rehearsed(parts, project, migrations, names);
  const question: Question = {
    asks: l10n.t('Apply {0} to {1}?', names, target.label),
    detail: paragraphs(listOf(migrations), leftOut(project, selected), ...told, detailOf(project)),
    ...(safer ? { button: l10n.t('Apply Anyway'), safer } : { button: l10n.t('Apply to {0}', nameOf(target)) }),
  };
  const consent = await askConsent(target, question);
  if (!consent) return;
  const result = await sendWith(consent, target, (agreed) =>
    parts.progress.show(l10n.t('Applying {0} to {1}', names, nameOf(target)), (progress, token) =>
      parts.client.sendRequest(ApplyRequest, { ...agreed, ...selected, folder, snapshot: true, progress }, token),
    ),
  );
  if (result) await tellEnd(parts, project, result, (count) => l10n.t('Applied {0} to {1}', count, nameOf(target)));
}

/** Applies the pending migrations up to this one. */
export async function applyUpTo(parts: Parts, project: ProjectItem, version: string): Promise<void> {
  const selected = { upTo: version };
  await applyTo(parts, project, selected, countOf(chosen(project, selected).length));
}

/** What is known to be refused is told before anybody is asked, with the way that is open. */
async function offerUpToHere(
  parts: Parts,
  project: ProjectItem,
  { only }: Selected,
  { message, upToHere }: OutOfOrder,
): Promise<void> {
  const button = titleOf('rehearsal.applyUpToHere');
  const choice = await window.showErrorMessage(message, ...(upToHere ? [button] : []));
  if (choice === button && only !== undefined) await applyUpTo(parts, project, only);
}

type OutOfOrder = Extract<MayApplyResult, { readonly kind: 'outOfOrder' }>;

const paragraphs = (...texts: readonly string[]): string => texts.filter((it) => it !== '').join('\n\n');

/** The rehearsal stands on those. */
function leftOut({ migrations }: ProjectItem, { only }: Selected): string {
  const pending = migrations.filter((it) => it.state === 'pending').map(({ version }) => version);
  const earlier = only === undefined ? 0 : pending.indexOf(only);
  if (earlier <= 0) return '';
  const left =
    earlier === 1
      ? l10n.t('1 earlier migration stays pending; the rehearsal assumed that it runs first.')
      : l10n.t('{0} earlier migrations stay pending; the rehearsal assumed that they run first.', earlier);
  return `${left} ${l10n.t('Apply Up To Here runs them too.')}`;
}

/** In the order in which they run. */
function chosen({ migrations }: ProjectItem, { only, upTo }: Selected): readonly MigrationItem[] {
  const pending = migrations.filter((it) => it.state === 'pending');
  if (only !== undefined) return pending.filter((it) => it.version === only);
  return upTo === undefined ? pending : pending.slice(0, pending.findIndex((it) => it.version === upTo) + 1);
}

/** The first thing in the dialog; one alone stands in the question. */
const listOf = (migrations: readonly MigrationItem[]): string =>
  migrations.length < 2 ? '' : upToTen(migrations.map(fullNameOf));

export function detailOf({ target }: ProjectItem): string {
  const snapshot = l10n.t('A snapshot is taken first, so that all of it can be taken back.');
  return target.server === '' ? snapshot : `${target.server}. ${snapshot}`;
}

/** What is applied is what the files hold, so what is typed must be in them. @returns false when a file was not saved */
export async function saveFiles({ migrations }: ProjectItem): Promise<boolean> {
  const files = new Set(migrations.flatMap(filesOf).map((it) => Uri.parse(it).toString()));
  const unsaved = workspace.textDocuments.filter((it) => it.isDirty && files.has(it.uri.toString()));
  const saved = await Promise.all(unsaved.map((it) => it.save()));
  return saved.every(Boolean);
}

export const countOf = (migrations: number): string =>
  migrations === 1 ? l10n.t('1 migration') : l10n.t('{0} migrations', migrations);

type Ended = Exclude<ApplyResult, { readonly kind: 'busy' }>;

export async function tellEnd(
  parts: Parts,
  project: ProjectItem,
  result: Ended,
  did: (count: string) => string,
): Promise<void> {
  switch (result.kind) {
    case 'done': {
      const text = l10n.t('{0} in {1} ms.', did(countOf(result.migrations.length)), Math.round(result.ms));
      void window.showInformationMessage(text);
      return;
    }
    case 'nothing':
      void window.showInformationMessage(l10n.t('There is nothing to do on {0}.', nameOf(project.target)));
      return;
    case 'cancelled':
      await offerSnapshot(parts, project, result, l10n.t('Cancelled. {0}', result.state));
      return;
    case 'refused': {
      await selectStatement(result);
      await offerSnapshot(parts, project, result, refusalText(Uri.parse(result.uri).path, result));
    }
  }
}

/** The one that was refused. */
export async function selectStatement({ uri, range }: Refused): Promise<void> {
  const selection = rangeOf(range);
  const editor = await window.showTextDocument(Uri.parse(uri), { selection });
  editor.selection = new Selection(selection.start, selection.end);
}

type Refused = Pick<Extract<Ended, { kind: 'refused' }>, 'uri' | 'range'>;

interface GoingBack {
  readonly snapshot?: string;
  readonly left?: Extract<Ended, { kind: 'refused' }>['left'];
}

/** The state is told; with a snapshot it can be left as it is or be taken back. */
async function offerSnapshot(
  parts: Parts,
  project: ProjectItem,
  { snapshot, left = 'changes' }: GoingBack,
  message: string,
): Promise<void> {
  const [back, keep] = [l10n.t('Restore Snapshot'), l10n.t('Keep What Was Applied')];
  const choices = snapshot === undefined ? [] : { nothing: [], mark: [back], changes: [back, keep] }[left];
  const chosen = await window.showErrorMessage(message, ...choices);
  if (snapshot !== undefined && chosen === back) await restore(parts, project, snapshot);
}
