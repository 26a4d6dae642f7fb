/** How projects, targets, counts, times and sizes are written for people. */
import { l10n, Uri, workspace } from 'vscode';
import type { MigrationItem, ProjectItem, TargetItem } from '../server/protocol/messages';

/** `db/migrations`; with several workspace folders `shop/db/migrations`. Folder names alone are too often the same. */
export const labelOf = ({ folder }: ProjectItem): string => workspace.asRelativePath(Uri.parse(folder));

/** Short, for buttons and the status bar. The embedded Postgres has no name that anybody gave it. */
export const nameOf = ({ engine, name }: TargetItem): string =>
  engine === 'embedded' ? l10n.t('embedded Postgres') : name;

/** `000013 add_email`; the version alone where it has no title. */
export const fullNameOf = ({ version, title }: Pick<MigrationItem, 'version' | 'title'>): string =>
  `${version} ${title}`.trimEnd();

export const errorsOf = (count: number): string => (count === 1 ? l10n.t('1 error') : l10n.t('{0} errors', count));

/** What the rehearsal has found in a migration; empty when that is nothing. */
export function foundOf({ own, following }: { readonly own: number; readonly following: number }): string {
  if (own > 0) return errorsOf(own);
  if (following === 0) return '';
  return following === 1 ? l10n.t('1 consequence') : l10n.t('{0} consequences', following);
}

export const warningsOf = (count: number): string =>
  count === 1 ? l10n.t('1 warning') : l10n.t('{0} warnings', count);

/** In the user's language and time zone. */
export const timeOf = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** The same where there is little room. Not told as how long ago it was: nobody draws a row anew as time goes by. */
export function briefTimeOf(iso: string, now = new Date()): string {
  const time = new Date(iso);
  const year = time.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return time.toLocaleString(undefined, {
    month: 'short',
    day: 'numeric',
    ...year,
    hour: 'numeric',
    minute: '2-digit',
  });
}

/** `7.4 MB`, in powers of 1000 as file managers count. */
export function sizeOf(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const value = bytes / 1000 ** power;
  return `${value.toLocaleString(undefined, { maximumFractionDigits: value < 10 && power > 0 ? 1 : 0 })} ${units[power]}`;
}
