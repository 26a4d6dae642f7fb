/** The targets that the user chose, kept per folder of migrations: the connection in the workspace, its password in the keychain. */
import type { Memento, SecretStorage } from 'vscode';
import type { TargetChoice } from '../server/protocol/messages';

export interface Targets {
  /** By folder URI, with passwords: what the server gets at its start. */
  all(): Readonly<Record<string, TargetChoice>>;
  remember(folder: string, choice: TargetChoice): Promise<void>;
}

const key = 'rehearsal.targets';

export async function rememberedTargets(state: Memento, secrets: SecretStorage): Promise<Targets> {
  const targets: Record<string, TargetChoice> = { ...state.get<Record<string, TargetChoice>>(key, {}) };
  for (const [folder, choice] of Object.entries(targets)) {
    if (choice.kind === 'embedded') continue;
    const password = await secrets.get(secretName(folder, choice.connection));
    if (password !== undefined) targets[folder] = { ...choice, password };
  }
  return {
    all: () => targets,
    async remember(folder, choice) {
      targets[folder] = choice;
      if (choice.kind === 'server' && choice.password !== undefined) {
        await secrets.store(secretName(folder, choice.connection), choice.password);
      }
      const open = Object.entries(targets).map(([it, chosen]) => [it, withoutSecret(chosen)]);
      await state.update(key, Object.fromEntries(open));
    },
  };
}

const secretName = (folder: string, connection: string): string => `rehearsal:${folder}:${connection}`;

const withoutSecret = (choice: TargetChoice): TargetChoice =>
  choice.kind === 'embedded' ? choice : { kind: 'server', connection: choice.connection };
