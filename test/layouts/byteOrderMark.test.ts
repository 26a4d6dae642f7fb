/** Files with a byte order mark: which tools refuse them, and which drop the mark. */
import { deepEqual } from 'node:assert/strict';
import { layouts } from '../../server/engine/layouts/all';
import { graphileMigrate } from '../../server/engine/layouts/graphileMigrate';
import type { Layout } from '../../server/engine/layouts/layout';
import { fileOf } from '../../server/engine/layouts/migration';

const isRefused = (layout: Layout, fileName: string): boolean => {
  const text = '-- migrate:up\n-- migrate:down\n-- +goose Up\nselect 1;\n';
  const files = { read: () => undefined, isMarked: () => true };
  const { problems } = fileOf({ path: '/m', layout }, `/m/${fileName}`, text, files);
  return problems.some(({ code, severity }) => code === 'byte-order-mark' && severity === 'error');
};

describe('a byte order mark', () => {
  it('is an error where the tool sends it to Postgres, or takes it for text', () => {
    const dropping = layouts.filter((layout) => !layout.program && !isRefused(layout, '1_a.sql'));
    // Psql, Flyway and Liquibase do; graphile-migrate knows no file of that name.
    deepEqual(
      dropping.map(({ name }) => name),
      ['sqitch', 'liquibase', 'graphile-migrate', 'flyway', 'numbered'],
    );
  });

  it('is dropped by graphile-migrate in the files of current/ only', () => {
    const files = ['current.sql', 'current/1.sql', 'committed/000001.sql'];
    deepEqual(
      files.map((it) => isRefused(graphileMigrate, it)),
      [true, false, true],
    );
  });
});
