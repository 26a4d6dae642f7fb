/** One check at a time, for the newest text. */
import { deepEqual, equal } from 'node:assert/strict';
import { latest, pauseAfter } from '../../server/language/latest';

describe('the newest check', () => {
  it('ends the running one and waits for its end before it begins', async () => {
    const events: string[] = [];
    let run = 0;
    const queue = latest(async (signal) => {
      const mine = ++run;
      events.push(`${mine} begins`);
      if (mine === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      events.push(`${mine} ends${signal.aborted ? ' aborted' : ''}`);
    });
    const first = queue.request('at once');
    while (events.length === 0) await new Promise(setImmediate);
    await Promise.all([first, queue.request('at once')]);
    deepEqual(events, ['1 begins', '1 ends aborted', '2 begins', '2 ends']);
  });

  it('leaves out those that were overtaken before they began', async () => {
    let runs = 0;
    const queue = latest(async () => void (await Promise.resolve(runs++)));
    await Promise.all([queue.request(), queue.request(), queue.request()]);
    equal(runs, 1);
  });

  it('runs nothing more after cancel', async () => {
    let runs = 0;
    const queue = latest(async () => void (await Promise.resolve(runs++)));
    const asked = queue.request();
    queue.cancel();
    await asked;
    equal(runs, 0);
  });

  it('pauses from nothing to 150 ms, as long as the last check cost', () => {
    deepEqual([0, 100, 170, 250, 5_000].map(pauseAfter), [0, 0, 70, 150, 150]);
  });
});
