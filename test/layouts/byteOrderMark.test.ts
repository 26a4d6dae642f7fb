/** Files with a byte order mark: which tools refuse them, and which drop the mark. */
import { deepEqual } from 'node:assert/strict';
import { layouts } from '../../server/engine/layouts/all';
import { fileOf } from '../../server/engine/layouts/migration';

describe('a byte order mark', () => {
  it('is an error where the tool sends it to Postgres, or takes it for text', () => {
    const text = '-- migrate:up\n-- migrate:down\n-- +goose Up\nselect 1;\n';
    const dropping = layouts.filter((layout) => {
      const file = fileOf({ path: '/m', layout }, '/m/1_a.sql', text, { read: () => undefined, isMarked: () => true });
      return !file.problems.some(({ code, severity }) => code === 'byte-order-mark' && severity === 'error');
    });
    // Psql, Flyway and Liquibase do; graphile-migrate does in the current migration only.
    deepEqual(
      dropping.map(({ name }) => name),
      ['sqitch', 'liquibase', 'graphile-migrate', 'flyway', 'numbered'],
    );
  });
});
