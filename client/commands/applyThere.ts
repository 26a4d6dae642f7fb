/** Applies what is pending in an environment, after it was rehearsed there and its name was typed where that is due. */
import { l10n, window } from 'vscode';
import { ApplyThereRequest } from '../../server/protocol/environments';
import { askConsent, type Question, sendWith } from '../consent';
import { fullNameOf } from '../words';
import { countOf, detailOf, saveFiles, tellEnd } from './applying';
import type { Command } from './command';
import { askEnvironment } from './environment';
import { tell, upToTen } from './rehearsed';
import { rehearsedAt } from './rehearseThere';

export const applyThere: Command = {
  id: 'rehearsal.applyThere',
  async run(parts, chosen) {
    const there = await askEnvironment(parts, chosen);
    if (!there || !(await saveFiles(there.project))) return;
    const { name, role, target } = there.environment;
    const rehearsed = await rehearsedAt(parts, there);
    if (!rehearsed) return;
    const { pending, found } = rehearsed;
    if (pending.length === 0) {
      void window.showInformationMessage(l10n.t('Nothing is pending in {0}.', name));
      return;
    }
    const { told, safer } = tell(found);
    const names = countOf(pending.length);
    const list = upToTen(pending.map(fullNameOf));
    const question: Question = {
      asks: l10n.t('Apply {0} to {1}?', names, `${name}: ${target.label}`),
      detail: [list, ...told, detailOf({ ...there.project, target })].join('\n\n'),
      ...(safer ? { button: l10n.t('Apply Anyway'), safer } : { button: l10n.t('Apply to {0}', name) }),
      ...(role === 'production' ? { byName: l10n.t('{0} is in production.', target.label) } : {}),
    };
    const consent = await askConsent(target, question);
    if (!consent) return;
    const params = await parts.environments.params(there.project.folder, name);
    const result = await sendWith(consent, target, (agreed) =>
      parts.progress.show(l10n.t('Applying {0} to {1}', names, name), (progress, token) =>
        parts.client.sendRequest(ApplyThereRequest, { ...params, ...agreed, snapshot: true, progress }, token),
      ),
    );
    if (result)
      await tellEnd(parts, there.project, withoutSnapshot(result), (count) =>
        l10n.t('Applied {0} to {1}', count, name),
      );
  },
};

/** A snapshot of another target is restored where that is at hand, not by a button. */
function withoutSnapshot<T extends object>(result: T): T {
  return { ...result, snapshot: undefined };
}
