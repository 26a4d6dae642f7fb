/** History tables that somebody else has locked, or that who migrates may not write: of all tools alike. */
import { match, ok, rejects } from 'node:assert/strict';
import { withLockedTarget } from '../../server/engine/apply/locked';
import { Fault } from '../../server/engine/base/fault';
import { histories } from '../../server/engine/history/all';
import { layoutOf } from '../../server/engine/layouts/find';
import { servers } from '../support/servers';
import { toolSettings } from '../support/toolSettings';
import { withPlace } from '../snapshots/support';

/** Those of programs are made by their tools. */
const writtenByUs = Object.entries(histories).filter(([name]) => !layoutOf(name).program);

const waits = { lockMs: 200, statementLockMs: 200 };

const isBusy = (error: unknown): boolean => {
  ok(error instanceof Fault && error.code === 'busy', String(error));
  match(error.detail, /^session \d+ \(psql, user \w+\) has locked \S+/);
  return true;
};

describe('history tables that somebody else has locked', () => {
  for (const [tool, make] of writtenByUs)
    it(`keep nobody waiting without end: ${tool}`, () =>
      withPlace(servers.newest, async ({ target: { database }, connect, sql }) => {
        const history = make(toolSettings());
        await withLockedTarget({ database, history }, 'write', async () => {});
        const tables = await sql<{ name: string }>(
          `select format('%I.%I', schemaname, tablename) as name from pg_tables
            where schemaname !~ '^pg_' and schemaname <> 'information_schema'`,
        );
        const other = await connect('psql');
        await other.query('begin');
        await other.query(`lock table ${tables.map(({ name }) => name).join(', ')} in access exclusive mode`);
        await rejects(
          withLockedTarget({ database, history, waits }, 'write', (session) => history.read(session)),
          isBusy,
        );
      }));
});

describe('a role without the right to make history tables', () => {
  for (const [tool, make] of writtenByUs)
    it(`is told what it needs: ${tool}`, () =>
      withPlace(servers.newest, async ({ as, sql }) => {
        await sql(`create role guest login password 'guest'`);
        try {
          const { database } = as('guest', 'guest');
          const history = make(toolSettings());
          await rejects(
            withLockedTarget({ database, history }, 'write', async () => {}),
            (error) => {
              ok(error instanceof Fault && error.code === 'no-right', String(error));
              match(error.detail, /permission denied for (?:schema|database).* Their owner can GRANT that to guest\.$/);
              return true;
            },
          );
        } finally {
          await sql('drop role guest');
        }
      }));
});
