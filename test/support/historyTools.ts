/** Small projects of the tools whose history one query tells. */

interface ToolFiles {
  /** By their paths. */
  readonly texts: Readonly<Record<string, string>>;
  readonly versions: readonly string[];
  /** There are no down scripts. */
  readonly isOneWay?: true;
}

const [up, down] = ['create table a (id int primary key);\ncreate index on a (id);\n', 'drop table a;\n'];
const [up2, down2] = ['create table b (id int primary key);\n', 'drop table b;\n'];

/** By their names. */
export const historyTools: Readonly<Record<string, ToolFiles>> = {
  'golang-migrate': {
    texts: {
      'migrations/000001_a.up.sql': up,
      'migrations/000001_a.down.sql': down,
      'migrations/000002_b.up.sql': up2,
      'migrations/000002_b.down.sql': down2,
    },
    versions: ['1', '2'],
  },
  goose: {
    texts: {
      'migrations/00001_a.sql': `-- +goose Up\n${up}-- +goose Down\n${down}`,
      'migrations/00002_b.sql': `-- +goose NO TRANSACTION\n-- +goose Up\n${up2}-- +goose Down\n${down2}`,
    },
    versions: ['1', '2'],
  },
  sqlx: {
    texts: {
      'Cargo.toml': '[dependencies]\nsqlx = "0.8"\n',
      'migrations/1_a.up.sql': up,
      'migrations/1_a.down.sql': down,
      'migrations/2_b.up.sql': up2,
      'migrations/2_b.down.sql': down2,
    },
    versions: ['1', '2'],
  },
  diesel: {
    texts: {
      'diesel.toml': '',
      'migrations/2024-01-01-000000_a/up.sql': up,
      'migrations/2024-01-01-000000_a/down.sql': down,
    },
    versions: ['20240101000000'],
  },
  Flyway: {
    texts: { 'flyway.toml': '', 'sql/V1__a.sql': up, 'sql/V2__b.sql': up2 },
    versions: ['1', '2'],
    isOneWay: true,
  },
  'the Supabase CLI': {
    texts: { 'supabase/config.toml': '', 'supabase/migrations/20240101000000_a.sql': up },
    versions: ['20240101000000'],
    isOneWay: true,
  },
  'plain numbered files': {
    texts: { 'migrations/1_a.sql': up, 'migrations/2_b.sql': up2 },
    versions: ['1', '2'],
    isOneWay: true,
  },
};
