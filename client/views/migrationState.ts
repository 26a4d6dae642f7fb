/** How each state of a migration looks: the same icon, badge and words in the tree and in the explorer. */
import { l10n, ThemeColor, ThemeIcon } from 'vscode';
import type { MigrationItem, TargetItem } from '../../server/protocol/messages';

type State = MigrationItem['state'];

export const stateIcons: Readonly<Record<State, ThemeIcon>> = {
  applied: new ThemeIcon('pass', new ThemeColor('testing.iconPassed')),
  pending: new ThemeIcon('circle-outline'),
  edited: new ThemeIcon('warning', new ThemeColor('list.warningForeground')),
  missing: new ThemeIcon('question', new ThemeColor('list.warningForeground')),
  skipped: new ThemeIcon('debug-step-over', new ThemeColor('list.warningForeground')),
};

/** Pending, and the rehearsal has found errors in it. */
export const failedIcon = new ThemeIcon('error', new ThemeColor('list.errorForeground'));

/** At most two characters, says VS Code. */
export const stateBadges: Readonly<Record<State, string>> = {
  applied: '✓',
  pending: '○',
  edited: '!',
  missing: '?',
  skipped: '–',
};

const words: Readonly<Record<State, (target: string) => string>> = {
  applied: (target) => l10n.t('Applied to {0}.', target),
  pending: (target) => l10n.t('Pending: not yet applied to {0}.', target),
  edited: (target) => l10n.t('Edited after it was applied to {0}.', target),
  missing: (target) => l10n.t('Applied to {0}, but its file is missing here.', target),
  skipped: (target) => l10n.t('Not applied, and older than what was: its tool will never run it on {0}.', target),
};

export const describeState = (state: State, { label }: TargetItem): string => words[state](label);
