/** The connection that is kept to ask whether anything has happened: of no use for once, it is tried again, less and less. */
import { deepEqual, equal } from 'node:assert/strict';
import type { Database } from '../../server/engine/database/database';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { Sentry } from '../../server/engine/projects/sentry';
import { transactionMark } from '../../server/engine/shadow/catalogStamp';
import { assets } from '../support/places';
import { serverOf, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

interface Watched {
  readonly sentry: Sentry;
  /** Database that it goes to. */
  name: string;
  /** How often it has tried to. */
  opened: number;
  /** What the target says. */
  mark(): Promise<string>;
}

async function withSentry(use: (on: Watched) => Promise<void>): Promise<void> {
  const server = await serverOf(servers.newest);
  const named = (database: string) => serverDatabase(plainParameters({ ...server, database }), assets);
  const open: Database['open'] = (purpose, signal) => {
    on.opened++;
    return named(on.name).open(purpose, signal);
  };
  const sentry = new Sentry({ ...named('postgres'), open });
  const on: Watched = { sentry, name: 'postgres', opened: 0, mark: () => Promise.reject(new Error('no target')) };
  await withDatabase(servers.newest, (url) =>
    withSession(url, async (target) => {
      on.mark = () => transactionMark(target);
      await use(on);
      await sentry.end();
      equal((await sentry.mark()).kind, 'away');
    }),
  );
}

/** So many times the sentry is asked first, then the target. */
async function looks(on: Watched, times: number): Promise<string[]> {
  const told: string[] = [];
  for (let i = 0; i < times; i++) {
    const answer = await on.sentry.mark();
    await on.sentry.judge(answer, await on.mark());
    told.push(answer.kind);
  }
  return told;
}

const away = (times: number): string[] => Array.from({ length: times }, () => 'away');

describe('the sentry', () => {
  it('that gives no answer is tried again after two looks, then four, then eight', () =>
    withSentry(async (on) => {
      on.name = 'not_there';
      deepEqual(await looks(on, 7), ['silent', ...away(2), 'silent', ...away(3)]);
      on.name = 'postgres';
      deepEqual(await looks(on, 3), ['away', 'told', 'told']);
      equal(on.opened, 3, 'one connection is kept');
    }));

  it('that answered since is passed over as little as at first', () =>
    withSentry(async (on) => {
      on.name = 'not_there';
      await looks(on, 3);
      on.name = 'postgres';
      deepEqual(await looks(on, 1), ['told']);
      await on.sentry.withdrawn(async () => {
        deepEqual(await looks(on, 2), away(2), 'withdrawn is no failure');
      });
      on.name = 'not_there';
      deepEqual(await looks(on, 4), ['silent', ...away(2), 'silent']);
    }));

  it('is passed over once for one answer, however many have waited for it', () =>
    withSentry(async (on) => {
      on.name = 'not_there';
      const answers = await Promise.all(Array.from({ length: 3 }, () => on.sentry.mark()));
      for (const answer of answers) await on.sentry.judge(answer, await on.mark());
      on.name = 'postgres';
      deepEqual(await looks(on, 3), [...away(2), 'told']);
    }));

  it('is passed over some thousand times at most', () =>
    withSentry(async (on) => {
      on.name = 'not_there';
      const mark = await on.mark();
      const pauses: number[] = [];
      for (let looked = 0; pauses.length <= 15; looked++) {
        const answer = await on.sentry.mark();
        await on.sentry.judge(answer, mark);
        if (answer.kind !== 'silent') continue;
        pauses.push(looked);
        looked = -1;
      }
      deepEqual(pauses.slice(-3), [8192, 8192, 8192]);
    }));

  it('on another server than the target is passed over, too', () =>
    withSentry(async (on) => {
      const { mark } = on;
      on.mark = async () => `0.5 ${await mark()}`;
      deepEqual(await looks(on, 4), ['told', ...away(2), 'told']);
    }));
});
