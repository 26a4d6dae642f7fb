/** Code lenses: what they say for each state of a migration and its rehearsal. */
import { deepEqual } from 'node:assert/strict';
import type { FileCheck, MigrationState } from '../../server/engine/project';
import type { CheckState } from '../../server/language/checkStates';
import { lensesOf, type Standing } from '../../server/language/codeLens';

const uri = 'file:///m/1_a.sql';
const check: FileCheck = {
  path: '/m/1_a.sql',
  version: '1',
  ms: 12.4,
  rooms: {},
  rehearsedOn: 'private PostgreSQL 18.4',
  placeBecause: 'it was chosen',
  placeLimits: [],
  rows: 'there',
  statements: 1,
  findings: [],
  outcomes: [],
};
const rehearsed: CheckState = { kind: 'rehearsed', check };
const standing: Standing = {
  state: 'pending',
  revertible: false,
  target: 'shop@localhost:5432',
  local: true,
  downOnly: false,
};

const titles = (state: CheckState | undefined, how: Standing | undefined) =>
  lensesOf(uri, 3, state, how).map((it) => `${it.command?.title} → ${it.command?.command}`);

describe('code lenses', () => {
  it('say of a file without a statement that there is nothing to rehearse', () => {
    const empty: CheckState = { kind: 'rehearsed', check: { ...check, ms: 0, statements: 0 } };
    deepEqual(titles(empty, undefined), ['Nothing to rehearse → ']);
  });

  it('offer the commands of a pending migration, with its URI, on the line given', () => {
    deepEqual(lensesOf(uri, 3, rehearsed, standing), [
      lens('Rehearsed in 12 ms on private PostgreSQL 18.4', 'rehearsal.rehearse'),
      lens('Preview', 'rehearsal.previewChanges'),
      lens('Apply', 'rehearsal.apply'),
    ]);
  });

  const states: Record<Exclude<MigrationState, 'missing' | 'pending'>, string> = {
    applied: 'Applied → ',
    edited: 'Edited after it was applied → ',
    skipped: 'The tool will not run it → ',
  };
  for (const [state, title] of Object.entries(states)) {
    it(`tell that a migration is ${state}`, () => {
      deepEqual(titles(rehearsed, { ...standing, state: state as MigrationState })[2], title);
    });
  }

  it('offer to revert the newest applied one, where it has a down script', () => {
    const applied: Standing = { ...standing, state: 'applied', revertible: true };
    deepEqual(titles(rehearsed, applied)[3], 'Revert → rehearsal.revertLast');
  });

  it('name a target that is not on this machine', () => {
    const remote = titles(rehearsed, { ...standing, target: 'shop@db.example:5432', local: false });
    deepEqual(remote[2], 'Apply to shop@db.example:5432… → rehearsal.apply');
  });

  it('offer no apply above a down script, which it would not run', () => {
    deepEqual(titles(rehearsed, { ...standing, downOnly: true }).length, 2);
  });

  it('offer neither apply nor revert while the state is unknown', () => {
    deepEqual(titles(rehearsed, { ...standing, state: 'unknown' }).length, 2);
  });

  it('keep the last result while the next is made, and count what was refused', () => {
    const finding = { range: { start: 0, end: 1 }, code: 'refused', message: '' };
    const withErrors = {
      ...check,
      ms: 3.14,
      findings: [
        { ...finding, severity: 'error' },
        { ...finding, severity: 'hint' },
        { ...finding, severity: 'error', consequenceOf: { path: '', range: finding.range } },
      ],
    } as FileCheck;
    deepEqual(titles({ kind: 'running', before: withErrors }, undefined), [
      'Rehearsed in 3.1 ms on private PostgreSQL 18.4, 1 refused → ',
    ]);
    deepEqual(titles({ kind: 'running', before: undefined }, undefined), ['Rehearsing… → ']);
    deepEqual(titles(undefined, undefined), ['Rehearsing… → ']);
    deepEqual(titles({ kind: 'failed', message: '', remedy: undefined }, undefined), ['Not rehearsed → ']);
  });
});

const lens = (title: string, command: string) => ({
  range: { start: { line: 3, character: 0 }, end: { line: 3, character: 0 } },
  command: { title, command, arguments: [uri] },
});
