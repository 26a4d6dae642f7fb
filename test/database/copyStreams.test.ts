/** Rows on their way from one server to another. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import type { Answer, Session } from '../../server/engine/database/session';
import { demand, refusalOf, valueOf } from '../shadow/support';
import { isFault } from '../support/faults';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

describe('rows that are streamed', () => {
  it('arrive whole, large and small, whatever they hold', () =>
    betweenServers(async (from, to) => {
      await demand(
        from,
        'create table t (id int, word text)',
        `insert into t select i, case when i % 7 = 0 then null else repeat(E'\\t\\\\.\\n\\u00e4', i % 50) end
           from generate_series(1, 50000) i`,
        `insert into t values (0, repeat('x', 300000))`,
      );
      await demand(to, 'create table t (id int, word text)');
      deepEqual(await copied(from, to), { kind: 'done', commands: [{ tag: 'COPY', rows: 50_001 }], notices: [] });
      const sum = `select md5(string_agg(t::text, '|' order by id)) from t`;
      equal(await valueOf(to, sum), await valueOf(from, sum));
    }));

  it('that the one side may not give or the other does not take leave both sessions in order', () =>
    betweenServers(async (from, to) => {
      await demand(to, 'create table t (id int check (id < 10))');
      await rejects(copied(from, to), isFault('refused', /does not exist/));
      await demand(from, 'create table t (id int)', 'insert into t select generate_series(1, 500000)');
      const answer = await copied(from, to);
      equal(answer.kind === 'refused' && answer.refusal.sqlState, '23514');
      equal(await valueOf(from, 'select count(*) from t'), '500000');
      equal(await refusalOf(to, 'insert into t values (1)'), undefined);
      equal(await valueOf(to, 'select count(*) from t'), '1');
    }));

  it('end with the connection that they come from', () =>
    betweenServers(async (from, to) => {
      await demand(from, 'create table t (id int)', 'insert into t select generate_series(1, 500000)');
      await demand(to, 'create table t (id int)');
      const dying = async function* () {
        for await (const piece of from.copyOut?.('copy t to stdout') ?? []) {
          yield piece;
          await from.end();
        }
      };
      await rejects(async () => to.copyIn?.('copy t from stdin', dying()), isFault('connection-lost'));
      equal(await valueOf(to, 'select count(*) from t'), '0');
    }));
});

const betweenServers = (use: (from: Session, to: Session) => Promise<void>): Promise<void> =>
  withDatabase(servers.oldest, (source) =>
    withDatabase(servers.newest, (sink) => withSession(source, (from) => withSession(sink, (to) => use(from, to)))),
  );

async function copied(from: Session, to: Session): Promise<Answer> {
  if (!from.copyOut || !to.copyIn) throw new Error('a session on a server streams');
  return to.copyIn('copy t from stdin', from.copyOut('copy t to stdout'));
}
