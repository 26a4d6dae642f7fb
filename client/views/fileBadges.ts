/** Explorer: a badge on each migration file that tells its state. */
import { type Disposable, EventEmitter, FileDecoration, type FileDecorationProvider, ThemeColor, window } from 'vscode';
import type { Projects } from '../projects';
import { describeState, stateBadges } from './migrationState';

export function showFileBadges(projects: Projects): Disposable & { readonly provider: FileDecorationProvider } {
  const changed = new EventEmitter<undefined>();
  const provider: FileDecorationProvider = {
    onDidChangeFileDecorations: changed.event,
    provideFileDecoration(uri) {
      const place = uri.scheme === 'file' ? projects.find(uri.toString()) : undefined;
      if (!place) return undefined;
      const { state } = place.migration;
      const colour = state === 'applied' || state === 'pending' ? undefined : new ThemeColor('list.warningForeground');
      return new FileDecoration(stateBadges[state], describeState(state, place.project.target), colour);
    },
  };
  const parts = [
    changed,
    projects.onDidChange(() => changed.fire(undefined)),
    window.registerFileDecorationProvider(provider),
  ];
  return { provider, dispose: () => parts.forEach((it) => it.dispose()) };
}
