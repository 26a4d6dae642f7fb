/** What the suites inside VS Code have in common: the extension, files of the workspace, waiting, answers to dialogs. */
import { ok } from 'node:assert/strict';
import { commands, extensions, type TextDocument, Uri, window, workspace } from 'vscode';
import type { Extension } from '../../../client/extension';
import type { MigrationItem, ProjectItem } from '../../../server/protocol/messages';

export async function theExtension(): Promise<Extension> {
  const found = extensions.getExtension<Extension>('rehearsal.rehearsal');
  ok(found, 'the extension is not there');
  const extension = await found.activate();
  await extension.projects.first;
  return extension;
}

/** Polls; the condition is what is waited for, never a length of time. */
export async function until<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 60_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export function fileUri(path: string): Uri {
  const folder = workspace.workspaceFolders?.[0];
  ok(folder, 'no folder is open');
  return Uri.joinPath(folder.uri, path);
}

export async function openFile(path: string): Promise<TextDocument> {
  const document = await workspace.openTextDocument(fileUri(path));
  await window.showTextDocument(document);
  return document;
}

export const closeEditors = (): Thenable<unknown> => commands.executeCommand('workbench.action.closeAllEditors');

/** The project in this folder of the workspace, as the server tells it now. */
export async function projectIn(path: string): Promise<ProjectItem> {
  const { projects } = await theExtension();
  await projects.refresh();
  const folder = fileUri(path).fsPath;
  const found = projects.current.find((it) => Uri.parse(it.folder).fsPath === folder);
  ok(found, `no project in ${folder}`);
  return found;
}

export async function migrationIn(path: string, title: string): Promise<MigrationItem> {
  const { migrations } = await projectIn(path);
  const found = migrations.find((it) => it.title === title);
  ok(found, `no migration ${title}`);
  return found;
}

/** `pending` and so on, oldest first. */
export const statesIn = async (path: string): Promise<string[]> =>
  (await projectIn(path)).migrations.map((it) => it.state);

type Dialog =
  | 'showInformationMessage'
  | 'showWarningMessage'
  | 'showErrorMessage'
  | 'showQuickPick'
  | 'showInputBox'
  | 'showSaveDialog';

/** One dialog as the user saw it. */
export interface Asked {
  readonly dialog: Dialog;
  readonly args: readonly unknown[];
}

/** Gives the answer to a dialog; undefined turns away. */
export type Answer = (asked: Asked) => unknown;

/**
 * Answers the dialogs in the order in which they come, while `use` runs; those that come after the last answer are
 * only written down. In test mode VS Code refuses modal dialogs, so nobody could click them.
 */
export async function answering(answers: readonly Answer[], use: () => PromiseLike<unknown>): Promise<Asked[]> {
  const dialogs: readonly Dialog[] = [
    'showInformationMessage',
    'showWarningMessage',
    'showErrorMessage',
    'showQuickPick',
    'showInputBox',
    'showSaveDialog',
  ];
  const open = window as unknown as Record<Dialog, (...args: unknown[]) => Promise<unknown>>;
  const originals = dialogs.map((dialog) => [dialog, open[dialog]] as const);
  const asked: Asked[] = [];
  const left = [...answers];
  for (const dialog of dialogs) {
    open[dialog] = async (...args) => {
      const one: Asked = { dialog, args };
      asked.push(one);
      return left.shift()?.(one);
    };
  }
  try {
    await use();
    ok(left.length === 0, `${left.length} answers were not asked for; asked was ${JSON.stringify(asked)}`);
  } finally {
    for (const [dialog, original] of originals) open[dialog] = original;
  }
  return asked;
}

/** Presses the last button of a message (the only one of a modal dialog beside Cancel). */
export const press: Answer = ({ args }) => args.at(-1);

/** Presses the button with this text. */
export const pressing =
  (button: string): Answer =>
  ({ args }) => {
    ok(args.includes(button), `no button ${button} in ${JSON.stringify(args)}`);
    return button;
  };

/** Picks the row whose label contains this text. */
export const picking =
  (label: string): Answer =>
  async ({ args }) => {
    const rows = (await args[0]) as readonly { readonly label: string }[];
    const row = rows.find((it) => it.label.includes(label));
    ok(row, `no row ${label} in ${JSON.stringify(rows)}`);
    return row;
  };

export const typing =
  (text: string): Answer =>
  () =>
    text;

export const turningAway: Answer = () => undefined;

export const messageOf = (asked: Asked | undefined): string => String(asked?.args[0]);
