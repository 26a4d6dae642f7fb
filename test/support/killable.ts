/** Processes of ours that a test starts and kills, and the waiting for what they do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../server/engine/base/fault';
import { bundled } from './bundled';

export interface Killable {
  /** Kills it with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** Resolves with what it printed when it ends by itself. */
  readonly ended: Promise<string>;
}

/** Runs a TypeScript file with one argument. */
export function startKillable(path: string, argument: unknown): Killable {
  const child = spawn(process.execPath, [bundled(path), JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { ended: printed(child), kill: () => killed(child) };
}

async function printed(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'exit');
  return text;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Asks again and again until the answer is no longer undefined; mocha's time limit ends a wait that is in vain. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(10);
  }
}

/** @returns the first line told; undefined while the server is not back, or the old session not gone */
export async function whenBack(ask: () => Promise<readonly string[]>): Promise<string | undefined> {
  try {
    return (await ask())[0];
  } catch (cause) {
    if (cause instanceof Fault && ['no-server', 'connection-lost'].includes(cause.code)) return undefined;
    throw cause;
  }
}
