/** Shows the SQL that a migration in Python or Ruby stands for, beside it. */
import { l10n, window } from 'vscode';
import type { Command } from './command';
import { migrationMeant } from './subject';

export const showSql: Command = {
  id: 'rehearsal.showSql',
  async run({ projects, sqlDocuments }, chosen) {
    const migration = migrationMeant(projects, chosen)?.migration;
    if (migration?.uri !== undefined && migration.isProgram) await sqlDocuments.show(migration.uri);
    else
      void window.showInformationMessage(
        l10n.t('This is for migrations that are programs, once their tool has told their SQL.'),
      );
  },
};
