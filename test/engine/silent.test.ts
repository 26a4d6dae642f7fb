/** A connection that goes silent neither answers nor ends: what waits for it can be interrupted. */
import { rejects } from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Project } from '../../server/engine/project';
import { servers, withDatabase } from '../support/servers';
import { on, projectOf, withWorkspace } from './support';

const migrations = { 'db/migrations/20260101000000_users.sql': '-- migrate:up\ncreate table users ();\n' };

describe('a target that goes silent', () => {
  const questions: Readonly<Record<string, (project: Project, signal: AbortSignal) => Promise<unknown>>> = {
    status: (project, signal) => project.status(signal),
    check: (project, signal) => project.check('pending', () => {}, signal),
    preview: (project, signal) => project.preview('pending', signal),
  };

  for (const [name, ask] of Object.entries(questions))
    it(`is waited for by ${name} until the signal comes`, () =>
      withDatabase(servers.newest, (url) =>
        withSilence(url, 'schema_migrations', async (silent, gone) => {
          await withWorkspace(migrations, async ({ engine }) => {
            const project = await projectOf(engine({ target: on(silent) }));
            const stop = new AbortController();
            const asked = ask(project, stop.signal);
            await Promise.race([gone, asked]);
            stop.abort();
            await rejects(asked, { name: 'AbortError' });
          });
        }),
      ));
});

/** A way to the server that forwards nothing any more as soon as somebody has said `word`. */
async function withSilence(
  url: string,
  word: string,
  use: (silent: string, gone: Promise<void>) => Promise<void>,
): Promise<void> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  let fallSilent = (): void => undefined;
  const gone = new Promise<void>((resolve) => (fallSilent = resolve));
  let silent = false;
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    sockets.push(near, far);
    for (const it of [near, far]) it.on('error', () => it.destroy());
    near.on('data', (data) => {
      if (data.includes(word)) {
        silent = true;
        fallSilent();
      }
      if (!silent) far.write(data);
    });
    far.on('data', (data) => {
      if (!silent) near.write(data);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((proxy.address() as AddressInfo).port);
  try {
    await use(through.href, gone);
  } finally {
    for (const it of sockets) it.destroy();
    proxy.close();
  }
}
