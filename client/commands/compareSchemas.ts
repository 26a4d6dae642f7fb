/** Shows the schema of an environment beside that of another one, or of the target of the editor: drift between them. */
import { l10n, window } from 'vscode';
import { CompareSchemasRequest } from '../../server/protocol/environments';
import type { Command } from './command';
import { askEnvironment } from './environment';

export const compareSchemas: Command = {
  id: 'rehearsal.compareSchemas',
  async run(parts, chosen) {
    const { client, environments, previews, progress } = parts;
    const there = await askEnvironment(parts, chosen);
    if (!there) return;
    const { folder, target } = there.project;
    const { name } = there.environment;
    const others = (await environments.of(folder)).filter((it) => it.name !== name);
    const rows = [
      { label: target.label, description: l10n.t('the target of the editor'), other: undefined },
      ...others.map((it) => ({ label: it.name, description: it.target.label, other: it.name })),
    ];
    const picked = await window.showQuickPick(rows, { placeHolder: l10n.t('Compare {0} with', name) });
    if (!picked) return;
    const other = picked.other === undefined ? {} : { beside: await environments.params(folder, picked.other) };
    const pair = await progress.show(l10n.t('Comparing schemas'), (_, token) =>
      environments.loggedIn(folder, name, (params) =>
        client.sendRequest(CompareSchemasRequest, { ...params, ...other }, token),
      ),
    );
    if (!pair) return;
    const { beside: before, there: after } = pair;
    if (before === after) {
      void window.showInformationMessage(l10n.t('{0} and {1} have the same schema.', picked.label, name));
      return;
    }
    const title = l10n.t('{0} ↔ {1}: schema', picked.label, name);
    await previews.compare(`${folder}#${picked.label}&${name}`, title, { before, after });
  },
};
