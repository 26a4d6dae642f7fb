/** Ends what a tool complains of: what its own command would write into its history, shown before it is done. */
import { l10n, window } from 'vscode';
import { RepairRequest, RepairsRequest } from '../../server/protocol/messages';
import { askConsent } from '../consent';
import type { Command } from './command';
import { askProject } from './subject';
import { nameOf } from '../words';

export const repairHistory: Command = {
  id: 'rehearsal.repairHistory',
  async run(parts, chosen) {
    const project = await askProject(parts.projects, chosen);
    if (!project) return;
    const { target, folder, blocked } = project;
    const repairs = await parts.client.sendRequest(RepairsRequest, { folder });
    if (repairs.length === 0) {
      void window.showInformationMessage(
        blocked === undefined
          ? l10n.t('There is nothing to repair in the history of {0}.', target.label)
          : l10n.t('The tool has no command that would end that: {0}', blocked),
      );
      return;
    }
    const rows = repairs.map((repair) => ({
      label: repair.title,
      description: repair.command,
      detail: repair.when,
      repair,
    }));
    const picked = await window.showQuickPick(rows, {
      title: blocked ?? '',
      placeHolder: l10n.t('Choose what is true of the database. You are asked before anything is written.'),
    });
    if (!picked) return;
    const { title, when, command, statements } = picked.repair;
    const consent = await askConsent(target, {
      asks: l10n.t('{0}, on {1}?', title, target.label),
      detail: [
        l10n.t('That is right when this is so: {0}', when),
        l10n.t('It does what {0} does:', command),
        '',
        ...statements.map((sql) => `${shortened(sql)};`),
      ].join('\n'),
      button: l10n.t('Repair History of {0}', nameOf(target)),
    });
    if (!consent) return;
    await parts.client.sendRequest(RepairRequest, { ...consent, folder, statements });
    void window.showInformationMessage(l10n.t('Repaired the history of {0}.', nameOf(target)));
    await parts.projects.refresh();
  },
};

/** The Supabase CLI records all statements of a migration: a dialog has no room for them. */
const shortened = (sql: string): string => (sql.length <= 400 ? sql : `${sql.slice(0, 400)}…`);
