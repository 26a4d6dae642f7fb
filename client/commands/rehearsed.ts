/** What the rehearsal says of migrations that are to be applied, for the dialog that asks. */
import { basename } from 'node:path/posix';
import { commands, l10n, Uri, window } from 'vscode';
import {
  type FindingsItem,
  type MigrationItem,
  type PendingFindings,
  PendingFindingsRequest,
  type ProjectItem,
} from '../../server/protocol/messages';
import type { SaferChoice } from '../consent';
import { faultOf, titleOf } from '../faults';
import type { Parts } from '../parts';
import { rangeOf } from '../ranges';
import { errorsOf, warningsOf } from '../words';

export interface Rehearsed {
  /** Paragraphs. */
  readonly told: readonly string[];
  /** Undefined when nothing is known to stop it. */
  readonly safer?: SaferChoice;
}

/** Of files that are not open, too. Where it cannot be rehearsed the dialog says why, for applying may work all the same. */
export async function rehearsed(
  { client, progress }: Parts,
  { folder }: ProjectItem,
  migrations: readonly MigrationItem[],
  names: string,
): Promise<Rehearsed> {
  const versions = migrations.map(({ version }) => version);
  try {
    const found = await progress.show(l10n.t('Rehearsing {0}', names), (_, token) =>
      client.sendRequest(PendingFindingsRequest, { folder, versions }, token),
    );
    return tell(found);
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined || !(error instanceof Error)) throw error;
    const remedy = fault.remedy ?? 'rehearsal.showLog';
    const run = async (): Promise<void> => void (await commands.executeCommand(remedy));
    return {
      told: [l10n.t('It could not be rehearsed. {0}', error.message)],
      safer: { button: titleOf(remedy), run },
    };
  }
}

interface Told extends FindingsItem {
  readonly uri: string;
}

export function tell(found: readonly PendingFindings[]): Rehearsed {
  const errors = found.flatMap(({ uri, errors: some }): Told[] => (some ? [{ uri, ...some }] : []));
  const warnings = found.flatMap(({ uri, warnings: some }): Told[] => (some ? [{ uri, ...some }] : []));
  const ofErrors = errors.map((it) => line(it, errorsOf(it.count)));
  const ofWarnings = warnings.map((it) => line(it, warningsOf(it.count)));
  const stops = l10n.t('Applying stops at the first statement that Postgres refuses.');
  const [first] = errors;
  return {
    told: [
      ...(first ? [`${l10n.t('The rehearsal found errors:')}\n${upToTen(ofErrors)}\n${stops}`] : []),
      ...(warnings.length > 0 ? [`${l10n.t('The rehearsal found warnings:')}\n${upToTen(ofWarnings)}`] : []),
    ],
    ...(first && { safer: { button: l10n.t('Show Errors'), run: () => showProblem(first) } }),
  };
}

/** With the words of the first one: the file may not be open. */
function line({ uri, count, message }: Told, found: string): string {
  const file = basename(Uri.parse(uri).path);
  const [words = ''] = message.split('\n');
  return count === 1
    ? l10n.t('{0} in {1}: {2}', found, file, words)
    : l10n.t('{0} in {1}, the first: {2}', found, file, words);
}

/** Selects it in its file, beside the list of all that is wrong there. */
export async function showProblem({ uri, range }: Pick<Told, 'uri' | 'range'>): Promise<void> {
  await commands.executeCommand('workbench.actions.view.problems');
  await window.showTextDocument(Uri.parse(uri), { selection: rangeOf(range) });
}

/** A dialog that is longer than the screen has no buttons. */
const mostLines = 10;

export function upToTen(lines: readonly string[]): string {
  const more = lines.length - mostLines;
  return [...lines.slice(0, mostLines), ...(more > 0 ? [l10n.t('and {0} more', more)] : [])].join('\n');
}
