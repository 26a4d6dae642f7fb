/** Asks before something changes a target: once on this machine, by its name elsewhere, and again before others are disconnected. */
import { l10n, window } from 'vscode';
import type { Consent, TargetItem } from '../server/protocol/messages';

/** Names the deed: `Apply 2 migrations to shop_dev@localhost:5432?` and `Apply to shop_dev`. */
export interface Question {
  readonly asks: string;
  readonly detail: string;
  readonly button: string;
  /** Why its name has to be typed, where it is on this machine as well. */
  readonly byName?: string;
  /** Where something is known to be against the deed. */
  readonly safer?: SaferChoice;
  /** Another way to do it, which asks more. */
  readonly also?: SaferChoice;
}

/** Stands before the deed, because a modal dialog gives Enter to its first button. */
export interface SaferChoice {
  readonly button: string;
  readonly run: () => Promise<void>;
}

/** @returns undefined when the user turned away */
export async function askConsent(target: TargetItem, question: Question): Promise<Consent | undefined> {
  const { asks, detail, button, safer, also, byName } = question;
  const buttons = [...(safer ? [safer.button] : []), button, ...(also ? [also.button] : [])];
  const pressed = await window.showWarningMessage(asks, { modal: true, detail }, ...buttons);
  if (safer && pressed === safer.button) await safer.run();
  if (also && pressed === also.button) await also.run();
  if (pressed !== button) return undefined;
  if (byName === undefined && target.local) return { disconnect: false };
  return askName(target, asks, byName);
}

/** A target elsewhere may be production: one click is never enough. @returns undefined when the user turned away */
export async function askName(
  target: TargetItem,
  title: string,
  why = l10n.t('{0} is not on this machine.', target.label),
): Promise<Consent | undefined> {
  const typed = await window.showInputBox({
    title,
    prompt: `${why} ${l10n.t('Type its name, {0}, to go on.', target.name)}`,
    placeHolder: target.name,
    ignoreFocusOut: true,
    validateInput: (name) => (name === target.name ? undefined : l10n.t('Type {0} to go on.', target.name)),
  });
  return typed === target.name ? { disconnect: false, confirmedName: typed } : undefined;
}

interface Busy {
  readonly kind: 'busy';
  readonly sessions: readonly string[];
}

/** Sends; when others are connected, lists them and asks before it sends again. @returns undefined when the user turned away */
export async function sendWith<T extends { readonly kind: string }>(
  consent: Consent,
  target: TargetItem,
  send: (consent: Consent) => Promise<T | Busy>,
): Promise<Exclude<T, Busy> | undefined> {
  let agreed = consent;
  for (;;) {
    const result = await send(agreed);
    if (!isBusy(result)) return result as Exclude<T, Busy>;
    if (!(await askToDisconnect(target, result.sessions))) return undefined;
    agreed = { ...consent, disconnect: true };
  }
}

const isBusy = (result: { readonly kind: string }): result is Busy => result.kind === 'busy';

async function askToDisconnect(target: TargetItem, sessions: readonly string[]): Promise<boolean> {
  const button = l10n.t('Disconnect Them');
  const asks =
    sessions.length === 1
      ? l10n.t('Somebody else is connected to {0}. Disconnect that session?', target.label)
      : l10n.t('{0} other sessions are connected to {1}. Disconnect them?', sessions.length, target.label);
  const detail = [...sessions, '', l10n.t('The database must be free for a moment while it is copied.')].join('\n');
  return (await window.showWarningMessage(asks, { modal: true, detail }, button)) === button;
}
