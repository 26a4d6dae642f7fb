/** Links that share one transaction: the same is said of them while somebody types as when all is run at once. */
import { deepEqual } from 'node:assert/strict';
import { createChain } from '../../server/engine/rehearsal/chain';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { loadParser } from '../../server/engine/sql/parse';
import { privatePlaceOf } from '../support/places';
import { majors } from '../support/servers';
import { freshLines, linesOf, type LinkText, requestOf } from './support';

const links = (...ups: readonly string[]): readonly LinkText[] => ups.map((up, at) => ({ name: String(at + 1), up }));

const made = "create type mood as enum ('sad'); create table t (m mood);";

/** Edits, one after the other: of the last file, of an earlier one, of one that ends the transaction. */
const edits: readonly (readonly LinkText[])[] = [
  links('create table a (id int)', 'select x from a'),
  links(made, "alter type mood add value 'ok'; set search_path = pg_catalog", 'select 1', 'create table public.a ()'),
  links(`${made} commit; begin;`, "alter type mood add value 'ok'", "insert into t values ('ok')", 'select m from t'),
  links(`${made} commit; begin;`, "alter type mood add value 'ok'", "insert into t values ('sad')", 'select y from t'),
  links(made, "alter type mood add value 'ok'", "insert into t values ('sad')", 'select y from t'),
  links(
    'create temp table s (id int); savepoint x; create table u (); rollback to x;',
    'select id from s',
    'select from u',
  ),
  links('create temp table s (id int);', 'select id from s', 'select from u'),
];

for (const major of majors) {
  describe(`links in one transaction on PostgreSQL ${major}`, () => {
    let place: ShadowPlace;
    before(async () => {
      await loadParser();
      place = await privatePlaceOf(major);
    });
    after(() => place.close());

    it('are what they are when nobody types, edit after edit', async () => {
      const chain = createChain(place);
      for (const texts of edits) {
        const whole = await freshLines(place, requestOf(texts, { oneTransaction: true, manner: 'whole' }));
        for (const open of [texts.length - 1, 0]) {
          const isOpen = ({ up }: { readonly up: { readonly path: string } }) => up.path === texts[open]?.name;
          deepEqual(await linesOf(chain, requestOf(texts, { oneTransaction: true, isOpen })), whole);
        }
      }
    });

    it('have down scripts that run behind them, and a schema of their own in a preview', async () => {
      const texts = links(made, "alter type mood add value 'ok'", "insert into t values ('sad')").map((it) => ({
        ...it,
        down: 'drop type mood cascade; drop table none',
      }));
      const chain = createChain(place);
      const request = requestOf(texts, { oneTransaction: true });
      const lines = await linesOf(chain, request);
      deepEqual(await freshLines(place, { ...request, manner: 'whole' }), lines);
      const { before: was, after: is } = await chain.dumps(request, { from: 0, to: 2 }, new AbortController().signal);
      deepEqual([/'ok'/.test(was), /'ok'/.test(is)], [false, true]);
      deepEqual(await linesOf(chain, request), lines);
    });
  });
}
