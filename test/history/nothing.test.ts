/** What histories say of a database that has just been made, with and without a look at it. */
import { deepEqual, throws } from 'node:assert/strict';
import { embeddedDatabase } from '../../server/engine/database/embedded';
import type { EmbeddedSession } from '../../server/engine/database/embeddedSession';
import { histories } from '../../server/engine/history/all';
import type { History } from '../../server/engine/history/history';
import type { ToolSettings } from '../../server/engine/layouts/layout';
import { isFault } from '../support/faults';
import { assets } from '../support/places';
import { toolSettings } from '../support/toolSettings';

describe('histories of nothing', () => {
  let session: EmbeddedSession;
  before(async () => {
    session = await embeddedDatabase({ file: undefined, assets, label: 'nothing', name: 'nothing' }).open('read');
  });
  after(() => session.close());

  const named = (table: string, more = {}): ToolSettings =>
    toolSettings({
      extra: { 'x-migrations-table': table, ...more },
      environment: { DBMATE_MIGRATIONS_TABLE: table, GOOSE_TABLE: table },
    });
  const told: readonly ToolSettings[] = [
    toolSettings(),
    named('own'),
    named('elsewhere.own'),
    toolSettings({ extra: { 'x-migrations-table': '"else"."own"', 'x-migrations-table-quoted': 'true' } }),
    toolSettings({ settings: { search_path: 'elsewhere, public' } }),
  ];
  for (const [name, make] of Object.entries(histories))
    it(`are what ${name} reads there`, async () => {
      for (const settings of told) {
        const history: History = make(settings);
        deepEqual(plain(history.ofNothing()), plain(await history.read(session)));
      }
    });

  it('refuse settings that the tool would refuse', () => {
    const history = histories['golang-migrate'](named('unquoted', { 'x-migrations-table-quoted': 'true' }));
    throws(() => history.ofNothing(), isFault('bad-connection-settings'));
  });
});

/** With what its functions say of some migration. */
function plain({
  applied,
  edited,
  again,
  parts,
  refuses,
  repairs,
  missing,
  leaves,
  ...facts
}: ReturnType<History['ofNothing']>) {
  const name = { version: '1', digits: '1', order: '1', title: 'a', direction: 'up' } as const;
  const migration = { ...name, upPath: '/1_a.sql', downPath: undefined, name };
  const folder = { migrations: [migration], upTextOf: () => 'select 1', read: () => undefined };
  return {
    ...facts,
    applied: applied(migration),
    edited: edited?.has(migration, 'select 1'),
    again: again?.(migration, 'select 1'),
    parts: parts?.(migration, '--liquibase formatted sql\n--changeset a:1\nselect 1;'),
    refuses: refuses?.(migration),
    repairs: repairs?.(folder),
    missing: missing?.(folder),
    leaves: leaves?.(migration),
  };
}
