/** A short form of `npm run bench -- faults`: every operation is cut off in one or two of the ways there are. */
import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureConcurrency } from '../bench/faults/concurrency';
import { planned, runAll, type Told } from '../bench/faults/faultRuns';
import { operations } from '../bench/faults/operations';
import { servers } from '../support/servers';

/** Steps that are cut off elsewhere, and where. */
const elsewhere: Readonly<Record<string, string>> = {
  'snapshot replace': 'of the embedded engine, which no proxy stands before: embedded.test.ts',
  'apply tool': 'needs the tool itself: test/conformance',
};

describe('work that is cut off anywhere', () => {
  it('is wholly there or not at all after the next start, with nothing left over', async () => {
    const all = planned(1);
    const ways = all.length / operations.length;
    const plan = all.filter((_, i) => ((i % ways) + Math.floor(i / ways)) % 4 === 0);
    const told: Told[] = [];
    await runAll(servers.oldest, plan, 2, (it) => told.push(it));
    deepEqual(
      told.filter(({ violations }) => violations.length > 0),
      [],
    );
    equal(told.length, plan.length);
    deepEqual(
      [...new Set(told.map(({ operation }) => operation))].toSorted(),
      operations.map(({ name }) => name).toSorted(),
    );
  });

  it('is nothing that an application loses a write by, or waits for without end', async () => {
    const noticed = await measureConcurrency(servers.oldest, 3);
    deepEqual(
      noticed.map(({ operation, violations }) => [operation, violations]),
      ['apply', 'revert', 'snapshot', 'restore'].map((it) => [it, []]),
    );
  });

  it('is work at each step that a journal has', () => {
    const cut = new Set(operations.flatMap(({ steps }) => steps));
    const missing = ['snapshots', 'apply'].flatMap((room) => {
      const source = readFileSync(join(__dirname, '../../server/engine', room, 'steps.ts'), 'utf8');
      const [, topic = ''] = /topic = '(\w+)'/.exec(source) ?? [];
      const kinds = [...source.matchAll(/readonly step: ('\w+'(?: \| '\w+')*)/g)].flatMap(([, it = '']) =>
        it.split(' | '),
      );
      return kinds.map((it) => `${topic} ${it.slice(1, -1)}`).filter((it) => !cut.has(it));
    });
    deepEqual(missing.toSorted(), Object.keys(elsewhere).toSorted());
  });
});
