/** How often a target is looked at: with the clock in the hands of the test. */
import { deepEqual } from 'node:assert/strict';
import { mock } from 'node:test';
import type { Glance, Occasion } from '../../server/engine/project';
import { type Looks, repeatedLooks } from '../../server/language/looks';

const minute = 60_000;

interface Clock {
  readonly looks: Looks;
  /** Seconds since the beginning at which there was a look, and what for when somebody asked. */
  readonly seen: (number | string)[];
  /** Lets time go by. */
  pass(ms: number): Promise<void>;
}

async function withClock(answer: () => Glance | 'later', use: (clock: Clock) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const seen: (number | string)[] = [];
  const look = (_: string, occasion: Occasion) => {
    seen.push(occasion === 'asked' ? `${now / 1000} asked` : now / 1000);
    return Promise.resolve(answer());
  };
  const looks = repeatedLooks(look, () => now);
  const pass = async (ms: number): Promise<void> => {
    for (const end = now + ms; now < end; ) {
      now += 250;
      mock.timers.tick(250);
      await new Promise(setImmediate);
    }
  };
  try {
    await use({ looks, seen, pass });
  } finally {
    looks.cancel();
    mock.timers.reset();
  }
}

describe('looks at a target', () => {
  it('are repeated while somebody is at the editor, and go on when somebody comes back', () =>
    withClock(
      () => 'same',
      async ({ looks, seen, pass }) => {
        looks.add('a');
        await pass(4_000);
        deepEqual(seen, [1.5, 3]);
        await pass(10 * minute);
        const count = seen.length;
        await pass(minute);
        deepEqual(seen.length, count, 'nobody is there');
        looks.awake();
        await pass(2_000);
        deepEqual(seen.slice(count), [664.25, 665.75]);
      },
    ));

  it('come at once for who comes back, unless there was one just now', () =>
    withClock(
      () => 'same',
      async ({ looks, seen, pass }) => {
        looks.add('a');
        await pass(1_500);
        looks.soon();
        await pass(1_500);
        deepEqual(seen, [1.5, '3 asked']);
        await pass(10 * minute);
        const count = seen.length;
        looks.soon();
        await pass(250);
        deepEqual(seen.slice(count), ['603.25 asked']);
      },
    ));

  it('become rare when the target is silent, and frequent again when it answers', () => {
    let glance: Glance = 'silent';
    return withClock(
      () => glance,
      async ({ looks, seen, pass }) => {
        looks.add('a');
        await pass(4 * minute);
        deepEqual(seen, [1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5, 183.5]);
        glance = 'same';
        looks.soon();
        await pass(2_000);
        deepEqual(seen.slice(-2), ['240.25 asked', 241.75]);
      },
    );
  });

  it('wait for a check that somebody waits for', () => {
    let glance: Glance | 'later' = 'later';
    return withClock(
      () => glance,
      async ({ looks, seen, pass }) => {
        looks.add('a');
        await pass(2_000);
        deepEqual(seen, [1.5, 1.75, 2]);
        glance = 'moved';
        await pass(2_000);
        deepEqual(seen.slice(3), [2.25, 3.75]);
      },
    );
  });

  it('end with what is looked at', () =>
    withClock(
      () => 'same',
      async ({ looks, seen, pass }) => {
        looks.add('a');
        looks.cancel();
        looks.soon();
        await pass(5_000);
        deepEqual(seen, []);
      },
    ));
});
