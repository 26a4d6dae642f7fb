/** Every command, and the one wrapper around them: trust, faults and their remedies. */
import { commands as palette, type Disposable, l10n, window, workspace } from 'vscode';
import { showTrouble } from '../faults';
import type { Parts } from '../parts';
import { apply } from './apply';
import { applyAllPending } from './applyAllPending';
import { applyThere } from './applyThere';
import { applyUpToHere } from './applyUpToHere';
import { checkDrift } from './checkDrift';
import { chooseDatabase } from './chooseDatabase';
import type { Command } from './command';
import { compareSchemas } from './compareSchemas';
import { compareSnapshot } from './compareSnapshot';
import { deleteSnapshot } from './deleteSnapshot';
import { ignoreDrift } from './ignoreDrift';
import { makeIdempotent } from './makeIdempotent';
import { migrationOfDrift } from './migrationOfDrift';
import { newMigration } from './newMigration';
import { openDownFile } from './openDownFile';
import { pinSnapshot } from './pinSnapshot';
import { prepareBundle } from './prepareBundle';
import { previewChanges } from './previewChanges';
import { refresh } from './refresh';
import { rehearse } from './rehearse';
import { rehearseThere } from './rehearseThere';
import { renameSnapshot } from './renameSnapshot';
import { repairHistory } from './repairHistory';
import { restoreTables } from './restoreTables';
import { revertLast } from './revertLast';
import { revertToSnapshot } from './revertToSnapshot';
import { showDrift } from './showDrift';
import { showKept } from './showKept';
import { showLog } from './showLog';
import { showRows } from './showRows';
import { showSql } from './showSql';
import { snapshotNow } from './snapshotNow';
import { switchBranch } from './switchBranch';
import { trial } from './trial';
import { trialCopies } from './trialCopies';
import { undoDrift } from './undoDrift';
import { unpinSnapshot } from './unpinSnapshot';
import { verifyDown } from './verifyDown';
import { writeDown } from './writeDown';
import { writeMark } from './writeMark';

export const commands: readonly Command[] = [
  apply,
  applyAllPending,
  applyThere,
  applyUpToHere,
  checkDrift,
  chooseDatabase,
  compareSchemas,
  compareSnapshot,
  deleteSnapshot,
  ignoreDrift,
  makeIdempotent,
  migrationOfDrift,
  newMigration,
  openDownFile,
  pinSnapshot,
  prepareBundle,
  previewChanges,
  refresh,
  rehearse,
  rehearseThere,
  renameSnapshot,
  repairHistory,
  restoreTables,
  revertLast,
  revertToSnapshot,
  showDrift,
  showKept,
  showLog,
  showRows,
  showSql,
  snapshotNow,
  switchBranch,
  trial,
  trialCopies,
  undoDrift,
  unpinSnapshot,
  verifyDown,
  writeDown,
  writeMark,
];

export function registerCommands(parts: Parts): Disposable[] {
  return commands.map((command) =>
    palette.registerCommand(command.id, async (...args: unknown[]) => {
      if (command.needsTrust !== false && !workspace.isTrusted) {
        await askForTrust();
        return;
      }
      try {
        await command.run(parts, ...args);
      } catch (error) {
        await showTrouble(error, parts.log);
      }
    }),
  );
}

async function askForTrust(): Promise<void> {
  const manage = l10n.t('Manage Workspace Trust');
  const message = l10n.t('Rehearsal connects to no database before you trust this workspace.');
  if ((await window.showWarningMessage(message, manage)) === manage) {
    await palette.executeCommand('workbench.trust.manage');
  }
}
