/** Starts a server of our own, says on standard output where it is, and stays until it is killed. */
import { once } from 'node:events';
import { startServer } from '../../server/engine/shadow/privateServer';

async function main(binaries: string): Promise<void> {
  const { pid, folder } = await startServer({ binaries });
  console.log(JSON.stringify({ pid, folder }));
  await once(process.stdin.resume(), 'end');
}

void main(process.argv[2] ?? '');
