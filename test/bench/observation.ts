/** What observing costs: the forty statements with savepoints on one session, with an observer and without. */
import type { Session } from '../../server/engine/database/session';
import type { Observer } from '../../server/engine/rehearsal/observation/observer';
import { begun, observerOn } from '../rehearsal/observing';
import { loadParser, shapeOf } from '../../server/engine/sql/parse';
import { type Major, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { migration, schemaOf } from './generate';
import { rounded, timed, type Times, timesOf } from './measure';

export interface ObservationCost {
  readonly bare: Times;
  readonly observed: Times;
  /** Median of what each round took longer than the bare one before it, as a part of that. */
  readonly overhead: number;
}

const tables = 200;

export async function measureObservation(major: Major, rounds: number): Promise<ObservationCost> {
  await loadParser();
  return withDatabase(major, (url) =>
    withSession(url, async (session) => {
      for (const statement of schemaOf(tables)) await session.run(statement);
      const observer = await observerOn(session);
      const [bare, observed]: [number[], number[]] = [[], []];
      // The first rounds fill the caches of both ends.
      for (let round = -2; round < rounds; round++) {
        const times = [
          await timed(() => replay(session)),
          await timed(() => observedReplay(session, observer)),
        ] as const;
        if (round < 0) continue;
        bare.push(times[0]);
        observed.push(times[1]);
      }
      const ratios = bare.map((it, round) => (observed[round] ?? 0) / it - 1).toSorted((a, b) => a - b);
      return {
        bare: timesOf(bare),
        observed: timesOf(observed),
        overhead: rounded(ratios[Math.floor(ratios.length / 2)] ?? Number.NaN, 2),
      };
    }),
  );
}

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

async function observedReplay(session: Session, observer: Observer): Promise<void> {
  await session.run('begin');
  let mark = await begun(observer);
  for (const statement of migration()) {
    const shape = shapeOf(statement);
    await session.run('savepoint bench');
    const baseline = await observer.baseline(shape, mark);
    const { notices } = await session.run(statement);
    mark = (await observer.observe({ shape, notices }, mark, baseline))?.after ?? mark;
    await session.run('release savepoint bench');
  }
  await session.run('rollback');
}
