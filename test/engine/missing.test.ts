/** Versions that the database has and the folder lacks: which of them keep the tool from going on. */
import { deepEqual } from 'node:assert/strict';
import type { HistoryState } from '../../server/engine/history/history';
import { numbered } from '../../server/engine/layouts/numbered';
import { statusOf } from '../../server/engine/projects/status';

const reasonsWith = (more: Partial<HistoryState>): readonly boolean[] => {
  const versions = ['1', '2', '3'];
  const facts = { table: 'h', exists: true, versions, skipsOlder: false, needsFiles: 'all' as const };
  const history: HistoryState = { ...facts, applied: () => 'applied', ...more };
  const name = { version: '2', digits: '2', order: '2', title: '', direction: 'up' } as const;
  const migration = { version: '2', title: '', upPath: '/m/2.sql', downPath: undefined, name };
  const file = { path: '/m/2.sql', text: '', scripts: [] };
  const read = { link: { up: file, down: undefined }, files: new Map(), extensions: [], state: 'applied' } as const;
  const live = { server: '', history };
  const folder = { path: '/m', layout: numbered, because: '', migrations: [migration], problems: [] };
  const { migrations } = statusOf(
    { live, migrations: [{ migration, ...read }] },
    { folder, files: (it) => it, missing: [] },
  );
  deepEqual(
    migrations.map(({ version, state }) => `${version} ${state}`),
    ['2 applied', '1 missing', '3 missing'],
  );
  return migrations.map(({ reason }) => reason !== undefined);
};

describe('versions without a file', () => {
  it('keep the tool from going on where it needs files, as apply has it', () => {
    deepEqual(reasonsWith({}), [false, true, true]);
    deepEqual(reasonsWith({ needsFiles: 'none' }), [false, false, false]);
    // Flyway passes over what a later release of the program has applied.
    deepEqual(reasonsWith({ needsFiles: 'allButNewest' }), [false, true, false]);
  });
});
