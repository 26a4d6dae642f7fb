/**
 * node-pg-migrate's history: a row for each migration, by name.
 *
 * Facts from salsita/node-pg-migrate v9.0.0: src/runner.ts, src/migration.ts, src/utils/getMigrationTableSchema.ts.
 */
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import type { ToolSettings } from '../layouts/layout';
import { configFor, type NodePgMigrateConfig, usual } from '../layouts/nodePgMigrateConfig';
import { collectNames } from '../layouts/nodePgMigrateNames';
import { withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState } from './history';
import { hasTable, labelOf, quoted, type Shape, type TableName } from './table';

export interface NodePgMigrateOptions {
  readonly config: NodePgMigrateConfig;
  /** As ToolSettings: which migrations there are tells whether the tool minds their order. */
  readonly list: ToolSettings['list'];
}

export const nodePgMigrateOptions = (settings: ToolSettings): NodePgMigrateOptions => ({
  config: configFor(settings) ?? usual,
  list: settings.list,
});

export function nodePgMigrateHistory(options: NodePgMigrateOptions): History {
  const table = tableOf(options.config);
  return {
    layout: 'node-pg-migrate',
    read: (session) => read(session, options),
    ofNothing: () => stateOf(options, undefined),
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [lockId], waitMs, async () => {
        await prepare(session, options.config);
        return use();
      }),
    async after(session, { migration: { version }, script }) {
      await session.rows(
        script.direction === 'up'
          ? `insert into ${quoted(table)} (name, run_on) values ($1, now())`
          : `delete from ${quoted(table)} where name = $1`,
        [version],
      );
    },
  };
}

const lockId = 7_241_865_325_823_964n;

const shape: Shape = {
  tool: 'node-pg-migrate',
  columns: { id: 'integer', name: 'character varying', run_on: 'timestamp without time zone' },
  elsewhere: 'Name another table with --migrations-table.',
};

const tableOf = ({ schemas, historySchema, table }: NodePgMigrateConfig): TableName => ({
  schema: historySchema ?? schemas[0] ?? 'public',
  name: table,
});

/** What the tool does on its connection before it asks what has been run. */
async function prepare(session: Session, config: NodePgMigrateConfig): Promise<void> {
  const { schemas, historySchema, createsSchemas, createsHistorySchema } = config;
  const wanted = [
    ...(createsSchemas ? schemas : []),
    ...(createsHistorySchema && historySchema !== undefined ? [historySchema] : []),
  ];
  for (const schema of wanted) await session.rows(`create schema if not exists ${quoteIdentifier(schema)}`);
  await session.rows(`set search_path to ${schemas.map(quoteIdentifier).join(', ')}`);
  const table = tableOf(config);
  if (await hasTable(session, table, shape)) return;
  await session.rows(
    `create table ${quoted(table)} (id serial primary key, name varchar(255) not null, run_on timestamp not null)`,
  );
}

async function read(session: Session, options: NodePgMigrateOptions): Promise<HistoryState> {
  const table = tableOf(options.config);
  const exists = await hasTable(session, table, shape);
  const rows = exists
    ? await session.rows<{ name: string }>(
        `select name from ${quoted(table)} where name is not null order by run_on, id`,
      )
    : undefined;
  return stateOf(
    options,
    rows?.map(({ name }) => name),
  );
}

/** @param found names in the order in which they were run, when the table is there */
function stateOf({ config, list }: NodePgMigrateOptions, found: readonly string[] | undefined): HistoryState {
  const run = found ?? [];
  const known = new Set(run);
  const last = run.at(-1);
  return {
    table: labelOf(tableOf(config)),
    exists: found !== undefined,
    applied: ({ version }) => (known.has(version) ? 'applied' : 'pending'),
    versions: run,
    ...(config.checksOrder ? orderOf(run, list) : {}),
    skipsOlder: false,
    ...(last === undefined ? {} : { revertsFirst: last }),
    needsFiles: 'none',
  };
}

/** What was run has to be what the folder begins with, one by one. */
function orderOf(run: readonly string[], list: ToolSettings['list']): Pick<HistoryState, 'refuses' | 'blocked'> {
  const { files } = collectNames({ names: list('') });
  const inOrder = files.toSorted((one, other) => (one.name.order < other.name.order ? -1 : 1));
  const names = [...new Set(inOrder.map(({ name }) => name.version))];
  const at = names.findIndex((name, i) => i < run.length && run[i] !== name);
  const [there, here] = [run[at], names[at]];
  if (at < 0 || there === undefined || here === undefined) return { refuses: () => undefined };
  const begin = 'node-pg-migrate refuses to go on:';
  if (!run.includes(here))
    return {
      refuses: ({ version }) =>
        version === here
          ? `${begin} ${here} is not applied, and ${there} is. Give it a higher number, or run node-pg-migrate --no-check-order.`
          : undefined,
    };
  return {
    refuses: () => undefined,
    blocked: `${begin} ${there} was applied where the folder has ${here}. Restore what the files were called then, or run node-pg-migrate --no-check-order.`,
  };
}
