/** What a target has refused stays among the findings of its file until that is another one, or a check knows better. */
import { deepEqual } from 'node:assert/strict';
import type { FileCheck, Finding } from '../../server/engine/project';
import { Refusals } from '../../server/language/refusals';

const text = 'select 1;\ninsert into users values (1);\n';
const [path, folder] = ['/shop/1.sql', '/shop'];
const statement = { start: 10, end: 38 };
const finding: Finding = {
  range: { start: 22, end: 27 },
  severity: 'error',
  code: 'refused',
  sqlState: '23505',
  message: 'duplicate key',
};

const check: FileCheck = {
  path,
  version: '1',
  ms: 1,
  rooms: {},
  rehearsedOn: 'nothing',
  placeBecause: 'it was chosen',
  placeLimits: [],
  statements: 1,
  findings: [],
  rows: 'missing',
  outcomes: [{ kind: 'ran', range: statement, ms: 1, notices: [] }],
};

describe('what a target has refused', () => {
  const details = (refusals: Refusals, told: FileCheck = check, now = text) =>
    refusals.addTo(told, now).findings.map(({ code, detail }) => detail ?? code);
  const keeping = (changes: Partial<Finding> = {}) => {
    const refusals = new Refusals();
    refusals.keep(path, { finding: { ...finding, ...changes }, text, folder }, 'shop@localhost');
    return refusals;
  };
  const said = ['Refused by shop@localhost when it was applied.'];

  it('stays when a rehearsal without its rows says nothing', () => {
    const refusals = keeping();
    deepEqual(details(refusals), said);
    deepEqual(details(refusals), said);
    deepEqual(details(refusals, { ...check, path: '/shop/2.sql' }), []);
  });

  it('goes with the first edit, and does not come back', () => {
    const refusals = keeping();
    deepEqual(details(refusals, check, `${text} `), []);
    deepEqual(details(refusals), []);
  });

  it('goes when it runs upon the rows of the target, if rows were what it was refused for', () => {
    const upon = { ...check, rows: 'there' } as const;
    deepEqual(details(keeping(), upon), []);
    deepEqual(details(keeping(), { ...upon, provisional: true }), said);
    deepEqual(details(keeping({ sqlState: '42501' }), upon), said, 'what the role may not do');
  });

  it('is not told twice', () => {
    const refusals = keeping();
    deepEqual(details(refusals, { ...check, findings: [{ ...finding, code: 'rows-refuse' }] }), ['rows-refuse']);
    deepEqual(details(refusals), said, 'and stands behind it');
  });

  it('goes when somebody wants to know anew', () => {
    const refusals = keeping();
    refusals.forget('/other');
    deepEqual(details(refusals), said);
    refusals.forget(folder);
    deepEqual(details(refusals), []);
  });
});
