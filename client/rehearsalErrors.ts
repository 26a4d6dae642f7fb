/** Errors that the rehearsal has found in migrations, as the editor shows them just now. */
import {
  type Diagnostic,
  DiagnosticSeverity,
  type Disposable,
  type Event,
  EventEmitter,
  languages,
  type Range,
  Uri,
} from 'vscode';
import { causeWords, type MigrationItem } from '../server/protocol/messages';
import { filesOf, type Projects } from './projects';

const errorsAt = (uri: Uri): readonly Diagnostic[] =>
  languages
    .getDiagnostics(uri)
    .filter(({ source, severity }) => source === 'Rehearsal' && severity === DiagnosticSeverity.Error);

const follows = ({ relatedInformation: [first] = [] }: Diagnostic): boolean => first?.message === causeWords;

export interface Errors {
  /** Of its own. */
  readonly own: number;
  /** They follow from those of other migrations, and are mended with them. */
  readonly following: number;
}

/** In its up and its down file. */
export function errorsIn(migration: MigrationItem): Errors {
  const all = filesOf(migration).flatMap((file) => errorsAt(Uri.parse(file)));
  const following = all.filter(follows).length;
  return { own: all.length - following, following };
}

export const firstErrorIn = (migration: MigrationItem): { readonly uri: string; readonly range: Range } | undefined =>
  filesOf(migration).flatMap((uri) => errorsAt(Uri.parse(uri)).map(({ range }) => ({ uri, range })))[0];

/** Tells when the number of errors in a migration has changed, not with every keystroke. */
export function followErrors(projects: Projects): Disposable & { readonly onDidChange: Event<void> } {
  const changed = new EventEmitter<void>();
  const counts = new Map<string, number>();
  const listening = languages.onDidChangeDiagnostics(({ uris }) => {
    const others = uris.filter((uri) => (counts.get(uri.toString()) ?? 0) !== errorsAt(uri).length);
    for (const uri of others) counts.set(uri.toString(), errorsAt(uri).length);
    if (others.some((uri) => projects.find(uri.toString()))) changed.fire();
  });
  return {
    onDidChange: changed.event,
    dispose() {
      listening.dispose();
      changed.dispose();
    },
  };
}
