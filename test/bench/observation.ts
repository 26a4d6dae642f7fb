/**
 * What observing costs: the forty statements with savepoints on one session, with the observers of either level, with
 * the one that has event triggers, which are in a database of their own (`commandLine`), and without.
 */
import type { Session } from '../../server/engine/database/session';
import { CompactObserver } from '../../server/engine/rehearsal/observation/compact';
import { type Committed, Observer, type Observes } from '../../server/engine/rehearsal/observation/observer';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import { begun, done, observerOn } from '../rehearsal/observing';
import { type Major, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { migration, schemaOf } from './generate';
import { rounded, timed, type Times, timesOf } from './measure';

export interface ObservationCost {
  readonly bare: Times;
  readonly compact: Observed;
  readonly editor: Observed;
  readonly commandLine: Observed;
}

interface Observed {
  readonly times: Times;
  /** Median of what each round took longer than the bare one before it, as a part of that. */
  readonly overhead: number;
}

const tables = 200;

export async function measureObservation(major: Major, rounds: number): Promise<ObservationCost> {
  await loadParser();
  return withSchema(major, (plain) =>
    withSchema(major, async (reporting) => {
      const commandLine = replayObserved(reporting, await observerOn(reporting));
      const editor = replayObserved(plain, new Observer(plain, 'grammar'));
      const compact = replayObserved(plain, new CompactObserver(plain));
      const measured = {
        bare: [] as number[],
        compact: [] as number[],
        editor: [] as number[],
        commandLine: [] as number[],
      };
      // The first rounds fill the caches of both ends.
      for (let round = -3; round < rounds; round++) {
        const times = {
          bare: await timed(() => replay(plain)),
          compact: await timed(compact),
          editor: await timed(editor),
          commandLine: await timed(commandLine),
        };
        if (round < 0) continue;
        for (const which of ['bare', 'compact', 'editor', 'commandLine'] as const) measured[which].push(times[which]);
      }
      const { bare } = measured;
      return {
        bare: timesOf(bare),
        compact: observed(measured.compact, bare),
        editor: observed(measured.editor, bare),
        commandLine: observed(measured.commandLine, bare),
      };
    }),
  );
}

function observed(times: readonly number[], bare: readonly number[]): Observed {
  const ratios = bare.map((it, round) => (times[round] ?? 0) / it - 1).toSorted((a, b) => a - b);
  return { times: timesOf(times), overhead: rounded(ratios[Math.floor(ratios.length / 2)] ?? Number.NaN, 2) };
}

const withSchema = <T>(major: Major, use: (session: Session) => Promise<T>): Promise<T> =>
  withDatabase(major, (url) =>
    withSession(url, async (session) => {
      for (const statement of schemaOf(tables)) await done(session, statement);
      return use(session);
    }),
  );

/** As the rehearsal sends them: each under a savepoint, which goes along with the statement's end. */
async function replay(session: Session): Promise<void> {
  await session.run('begin');
  for (const statement of migration()) {
    await session.run('savepoint bench');
    await session.run(statement);
    await session.run('release savepoint bench');
  }
  await session.run('rollback');
}

function replayObserved(session: Session, observer: Observes): () => Promise<void> {
  const committed: Committed = {};
  return async () => {
    await session.run('begin');
    let start = await begun(observer, committed);
    for (const statement of migration()) {
      const shape = shapeOf(statement);
      await session.run('savepoint bench');
      const ready = await observer.ready(shape, start);
      const { notices, behind } = await done(session, statement, ready.behind);
      start = (await observer.observe({ shape, notices, told: behind?.answer }, ready))?.after ?? start;
      await session.run('release savepoint bench');
    }
    await session.run('rollback');
  };
}
