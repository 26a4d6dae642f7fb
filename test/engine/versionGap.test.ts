/** A number that is left out between migrations matters where the tool does not run it later. */
import { deepEqual } from 'node:assert/strict';
import { briefly, checked, projectOf, withWorkspace } from './support';

const told = (names: readonly string[], text: string): Promise<readonly string[]> =>
  withWorkspace(Object.fromEntries(names.map((name) => [`migrations/${name}`, text])), async ({ engine }) =>
    briefly(await checked(await projectOf(engine()))),
  );

describe('a number that is left out', () => {
  const goose = '-- +goose Up\nselect 1;\n';

  it('is told where the tool would pass over it, or refuse it', async () => {
    deepEqual(await told(['000001_a.up.sql', '000004_b.up.sql'], 'select 1;'), [
      'version-gap There is no version 000003 here. Should it be on another branch: golang-migrate would never run it after this one.',
    ]);
    deepEqual(await told(['00001_a.sql', '00003_b.sql'], goose), [
      'version-gap There is no version 00002 here. Should it be on another branch: goose would refuse it after this one.',
    ]);
  });

  it('is nothing to others, nor between times', async () => {
    deepEqual(await told(['001_a.sql', '003_b.sql'], 'select 1;'), []);
    deepEqual(await told(['20240101000000_a.sql', '20240102000000_b.sql'], goose), []);
    deepEqual(await told(['00001_a.sql', '00002_b.sql'], goose), []);
  });
});
