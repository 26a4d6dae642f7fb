/**
 * A run of tests ends by itself when its last test has: what still holds its process half a minute later (a server, a
 * connection, a timer) was forgotten by a test or by what it tests. The run says what that is, and ends as its tests did.
 */
import { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

const patienceMs = 30_000;

export const mochaHooks = {
  afterAll: [
    () => {
      setTimeout(() => {
        console.error(`The tests are over, but their process is held by:\n${holders().join('\n')}`);
        process.exit();
      }, patienceMs).unref();
    },
  ],
};

function holders() {
  const handles: object[] = Reflect.get(process, '_getActiveHandles').call(process);
  return [...process.getActiveResourcesInfo(), ...handles.map(described)].map((it) => `  ${it}`);
}

function described(handle: object): string {
  if (handle instanceof ChildProcess) return `process ${handle.pid}: ${handle.spawnargs.join(' ').slice(0, 500)}`;
  if (handle instanceof Socket)
    return `socket ${handle.localAddress ?? 'of a pipe'} to ${handle.remoteAddress}:${handle.remotePort}`;
  return handle.constructor.name;
}
