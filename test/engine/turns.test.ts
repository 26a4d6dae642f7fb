/** Who may use the shadows when: what nobody waits for gives way to what somebody has asked for. */
import { deepEqual, rejects } from 'node:assert/strict';
import { Queue } from '../../server/engine/base/queue';
import { ShadowTurns } from '../../server/engine/projects/turns';
import { never } from './support';

/** Ends with the signal only. */
const untilEnded = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

interface Passing {
  /** The first time it ends only with its signal. */
  work(signal: AbortSignal): Promise<string>;
  readonly begun: Promise<void>;
}

function passingWork(said: string[]): Passing {
  let times = 0;
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  return {
    begun,
    work: async (signal) => {
      said.push(`begins ${++times}`);
      begin();
      return times === 1 ? untilEnded(signal) : 'done';
    },
  };
}

describe('the turns of a bench', () => {
  for (const manner of ['inPassing', 'beside', 'whenIdle'] as const)
    it(`give way ${manner} to what is asked for, and begin again after it`, async () => {
      const turns = new ShadowTurns((work) => work());
      const said: string[] = [];
      const { begun, work } = passingWork(said);
      const passing = turns[manner](work, never);
      await begun;
      await turns.soon(async () => said.push('asked'));
      deepEqual([await passing, ...said], ['done', 'begins 1', 'asked', 'begins 2']);
    });

  it('give way when idle also to what is done in passing', async () => {
    const turns = new ShadowTurns((work) => work());
    const said: string[] = [];
    const { begun, work } = passingWork(said);
    const idle = turns.whenIdle(work, never);
    await begun;
    await turns.inPassing(async () => said.push('in passing'), never);
    deepEqual([await idle, ...said], ['done', 'begins 1', 'in passing', 'begins 2']);
  });

  it('go on beside what is done there', async () => {
    const turns = new ShadowTurns((work) => work());
    const said: string[] = [];
    const over = new AbortController();
    const { begun, work } = passingWork(said);
    const beside = turns.beside(work, over.signal);
    await begun;
    deepEqual([await turns.inTurn(async () => 'a turn'), ...said], ['a turn', 'begins 1']);
    over.abort(new Error('over'));
    await rejects(beside, { message: 'over' });
  });
});

describe('a queue', () => {
  it('is left by who gives up, and nobody gets before those in front', async () => {
    const queue = new Queue();
    let end = (): void => undefined;
    const first = queue.run(() => new Promise<void>((resolve) => (end = resolve)));
    await rejects(
      queue.run(() => Promise.resolve(), AbortSignal.abort(new Error('stale'))),
      { message: 'stale' },
    );
    const said: string[] = [];
    const third = queue.run(async () => said.push('third'));
    said.push('first ends');
    end();
    await Promise.all([first, third]);
    deepEqual(said, ['first ends', 'third']);
  });

  it('is begun at once by who comes when the last one is done, also where that one has waited', async () => {
    const queue = new Queue();
    await Promise.all([queue.run(() => Promise.resolve()), queue.run(() => Promise.resolve())]);
    const said: string[] = [];
    const next = queue.run(async () => said.push('begins'));
    said.push('called');
    await next;
    deepEqual(said, ['begins', 'called']);
  });
});
