/** How each state of a migration looks: the same icon, badge and words in the tree and in the explorer. */
import { l10n, ThemeColor, ThemeIcon } from 'vscode';
import type { MigrationItem, TargetItem } from '../../server/protocol/messages';

/** `outOfOrder`: pending, and its tool applies nothing as long as that is so. */
type State = MigrationItem['state'] | 'outOfOrder';

/** What of a migration tells how it stands. */
type Standing = Pick<MigrationItem, 'state' | 'reason'>;

const stateOf = ({ state, reason }: Standing): State =>
  state === 'pending' && reason !== undefined ? 'outOfOrder' : state;

const icons: Readonly<Record<State, ThemeIcon>> = {
  applied: new ThemeIcon('pass', new ThemeColor('testing.iconPassed')),
  pending: new ThemeIcon('circle-outline'),
  edited: new ThemeIcon('warning', new ThemeColor('list.warningForeground')),
  missing: new ThemeIcon('question', new ThemeColor('list.warningForeground')),
  skipped: new ThemeIcon('debug-step-over', new ThemeColor('list.warningForeground')),
  outOfOrder: new ThemeIcon('warning', new ThemeColor('list.warningForeground')),
};

/** Pending, and the rehearsal has found errors in it. */
export const failedIcon = new ThemeIcon('error', new ThemeColor('list.errorForeground'));

const badges: Readonly<Record<State, string>> = {
  applied: '✓',
  pending: '○',
  edited: '!',
  missing: '?',
  skipped: '–',
  outOfOrder: '!',
};

const words: Readonly<Record<State, (target: string) => string>> = {
  applied: (target) => l10n.t('Applied to {0}.', target),
  pending: (target) => l10n.t('Pending: not yet applied to {0}.', target),
  edited: (target) => l10n.t('Edited after it was applied to {0}.', target),
  missing: (target) => l10n.t('Applied to {0}, but its file is missing here.', target),
  skipped: (target) => l10n.t('Not applied, and older than what was: its tool will never run it on {0}.', target),
  outOfOrder: (target) => l10n.t('Pending, and out of order: not yet applied to {0}.', target),
};

export const iconOf = (migration: Standing): ThemeIcon => icons[stateOf(migration)];

/** At most two characters, says VS Code. */
export const badgeOf = (migration: MigrationItem): string => badges[stateOf(migration)];

/** With what its tool makes of it. */
export const describe = (
  migration: Standing & Partial<Pick<MigrationItem, 'kept' | 'hasDown'>>,
  { label }: Pick<TargetItem, 'label'>,
): string =>
  [words[stateOf(migration)](label), keptWords(migration), migration.reason ?? ''].filter((it) => it !== '').join(' ');

const keptWords = ({ kept, hasDown }: Partial<Pick<MigrationItem, 'kept' | 'hasDown'>>): string => {
  if (!kept) return '';
  return hasDown
    ? l10n.t('Its SQL is kept, so that it can be reverted.')
    : l10n.t('Its SQL is kept, which has no way down.');
};

export const isInOrder = (migration: MigrationItem): boolean => ['applied', 'pending'].includes(stateOf(migration));
