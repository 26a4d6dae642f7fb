/** The choice is kept in the workspace, its password in the keychain only. */
import { deepEqual, ok } from 'node:assert/strict';
import { rememberedTargets } from '../../client/targets';

describe('remembered targets', () => {
  const folder = 'file:///shop/db/migrations';
  const connection = 'postgres://ana@localhost/shop';

  it('a password goes to the keychain and comes back with the choice', async () => {
    const { state, secrets, stored } = storage();
    await (await rememberedTargets(state, secrets)).remember(folder, {
      kind: 'server',
      connection,
      password: 'pässword',
    });
    ok(!JSON.stringify([...stored.values()]).includes('pässword'));
    const again = await rememberedTargets(state, secrets);
    deepEqual(again.all(), { [folder]: { kind: 'server', connection, password: 'pässword' } });
  });

  it('another database of the same folder does not get the password of the first', async () => {
    const { state, secrets } = storage();
    const targets = await rememberedTargets(state, secrets);
    await targets.remember(folder, { kind: 'server', connection, password: 'pässword' });
    await targets.remember(folder, { kind: 'server', connection: 'postgres://ana@elsewhere/shop' });
    deepEqual((await rememberedTargets(state, secrets)).all(), {
      [folder]: { kind: 'server', connection: 'postgres://ana@elsewhere/shop' },
    });
  });

  it('the embedded Postgres needs none', async () => {
    const { state, secrets } = storage();
    await (await rememberedTargets(state, secrets)).remember(folder, { kind: 'embedded' });
    deepEqual((await rememberedTargets(state, secrets)).all(), { [folder]: { kind: 'embedded' } });
  });
});

/** VS Code's two stores, in memory. */
function storage() {
  const stored = new Map<string, unknown>();
  const secret = new Map<string, string>();
  return {
    stored,
    state: {
      keys: () => [...stored.keys()],
      get: <T>(key: string, otherwise?: T): T => (stored.has(key) ? (stored.get(key) as T) : (otherwise as T)),
      update: async (key: string, value: unknown) => void stored.set(key, value),
    },
    secrets: {
      keys: async () => [...secret.keys()],
      get: async (key: string) => secret.get(key),
      store: async (key: string, value: string) => void secret.set(key, value),
      delete: async (key: string) => void secret.delete(key),
      onDidChange: () => ({ dispose: () => undefined }),
    },
  };
}
