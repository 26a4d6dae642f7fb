/** Explorer: a badge on each migration file that tells its state. */
import { type Disposable, EventEmitter, FileDecoration, type FileDecorationProvider, ThemeColor, window } from 'vscode';
import type { Projects } from '../projects';
import { badgeOf, describe, isInOrder } from './migrationState';

export function showFileBadges(projects: Projects): Disposable & { readonly provider: FileDecorationProvider } {
  const changed = new EventEmitter<undefined>();
  const provider: FileDecorationProvider = {
    onDidChangeFileDecorations: changed.event,
    provideFileDecoration(uri) {
      const place = uri.scheme === 'file' ? projects.find(uri.toString()) : undefined;
      if (!place) return undefined;
      const { migration, project } = place;
      const colour = isInOrder(migration) ? undefined : new ThemeColor('list.warningForeground');
      return new FileDecoration(badgeOf(migration), describe(migration, project.target), colour);
    },
  };
  const parts = [
    changed,
    projects.onDidChange(() => changed.fire(undefined)),
    window.registerFileDecorationProvider(provider),
  ];
  return { provider, dispose: () => parts.forEach((it) => it.dispose()) };
}
