/** What the live schema has that reaches other databases writes to none of them, on a shadow that others share. */
import { deepEqual, doesNotMatch, equal, match } from 'node:assert/strict';
import { type Chain, createChain } from '../../server/engine/rehearsal/chain';
import type { Base } from '../../server/engine/shadow/base';
import { noSetUp } from '../../server/engine/shadow/setUp';
import { loadParser } from '../../server/engine/sql/parse';
import { demand, sharedPlace, valueOf } from '../shadow/support';
import { servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';
import { linesOf, requestOf } from './support';

const schemaReaching = (url: string): string => {
  const { hostname, port, password, pathname } = new URL(url);
  const write = `perform public.dblink_exec('${url}', 'insert into audit values (1)')`;
  return `create extension dblink with schema public;
    create extension postgres_fdw with schema public;
    CREATE FUNCTION public.far() RETURNS trigger LANGUAGE plpgsql AS $$ begin ${write}; return new; end $$;
    CREATE FUNCTION public.near() RETURNS trigger LANGUAGE plpgsql AS $$ begin insert into public.second values (1); return new; end $$;
    CREATE FUNCTION public.value() RETURNS integer LANGUAGE plpgsql AS $$ begin ${write}; return 1; end $$;
    CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ begin ${write}; end $$;
    CREATE FUNCTION public.calm() RETURNS event_trigger LANGUAGE plpgsql AS $$ begin end $$;
    CREATE FUNCTION public.run(text, text) RETURNS text LANGUAGE c AS '$libdir/dblink', 'dblink_exec';
    CREATE TABLE public.first (id integer);
    CREATE TABLE public.second (id integer);
    CREATE TABLE public.third (id integer);
    ALTER TABLE ONLY public.third ALTER COLUMN id SET DEFAULT public.value();
    CREATE VIEW public.seen AS SELECT public.value() AS value;
    CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${hostname}', port '${port}', dbname '${pathname.slice(1)}');
    CREATE USER MAPPING FOR postgres SERVER other OPTIONS ("user" 'postgres', password '${password}');
    CREATE USER MAPPING FOR nobody_here SERVER other OPTIONS ("user" 'postgres', password 'do not tell');
    CREATE TABLE public.parted (id integer) PARTITION BY LIST (id);
    CREATE FOREIGN TABLE public.part (id integer) SERVER other OPTIONS (table_name 'audit');
    ALTER TABLE ONLY public.parted ATTACH PARTITION public.part FOR VALUES IN (1);
    CREATE TABLE public.parent (id integer);
    CREATE FOREIGN TABLE public.child (id integer) INHERITS (public.parent) SERVER other OPTIONS (table_name 'audit');
    CREATE TRIGGER near BEFORE INSERT ON public.first FOR EACH ROW EXECUTE FUNCTION public.near();
    CREATE TRIGGER far BEFORE INSERT ON public.second FOR EACH ROW EXECUTE FUNCTION public.far();
    CREATE EVENT TRIGGER calm ON ddl_command_end EXECUTE FUNCTION public.calm();
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.watch();
    CREATE FUNCTION public.tells(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ begin ${write}; return true; end $$;
    CREATE FUNCTION public.validates(text[], oid) RETURNS void LANGUAGE plpgsql AS $$ begin ${write}; end $$;
    CREATE DOMAIN public.told AS text CONSTRAINT told_check CHECK (public.tells(VALUE));
    CREATE TYPE public.pair AS (one public.told, two integer);
    CREATE FUNCTION public.pairs(text) RETURNS public.pair LANGUAGE plpgsql AS $$ begin ${write}; return null; end $$;
    CREATE TABLE public.holds (id integer, many public.told[] DEFAULT '{a}'::public.told[], CONSTRAINT holds_check CHECK (public.tells((id)::text)));
    CREATE INDEX holds_told ON public.holds USING btree (public.tells('a'::text));
    CREATE OPERATOR public.### (FUNCTION = public.tells, RIGHTARG = text);
    CREATE CAST (text AS public.pair) WITH FUNCTION public.pairs(text) AS ASSIGNMENT;
    CREATE FOREIGN DATA WRAPPER told VALIDATOR public.validates;
    CREATE SERVER told FOREIGN DATA WRAPPER told OPTIONS (a 'b');`;
};

/** What is done with them, and whether it is run. */
const outcomes: readonly (readonly [sql: string, outcome: 'ran' | 'skipped'])[] = [
  ['create table harmless (id int)', 'ran'],
  ['insert into parted values (1)', 'skipped'],
  ['delete from parent', 'skipped'],
  ['insert into first values (1)', 'skipped'],
  ['insert into third default values', 'skipped'],
  ['select * from seen', 'skipped'],
  [`select run('x', 'insert into audit values (1)')`, 'skipped'],
  ['alter user mapping for postgres server other options (set password $$x$$)', 'ran'],
  ['drop event trigger calm', 'ran'],
  ['drop user mapping for postgres server other', 'ran'],
  ['create table made (x told, y pair)', 'ran'],
  ['create function makes() returns told language sql as $$ select null::text $$', 'ran'],
  [`select 'a'::told`, 'skipped'],
  [`select '{a}'::told[]`, 'skipped'],
  [`select '(a,1)'::pair`, 'skipped'],
  [`insert into made values ('a')`, 'skipped'],
  ['insert into holds default values', 'skipped'],
  [`alter table parent add column y told default 'x'`, 'skipped'],
  ['alter table made alter column y type told', 'skipped'],
  ['alter domain told validate constraint told_check', 'skipped'],
  [`do $$ declare v told := 'a'; begin end $$`, 'skipped'],
  ['select makes()', 'skipped'],
  [`select ### 'a'`, 'skipped'],
  [`select 'a'::text::pair`, 'skipped'],
  ['drop operator ### (none, text)', 'skipped'],
  ['drop cast (text as pair)', 'skipped'],
  ['drop index holds_told', 'skipped'],
  ['drop event trigger watch', 'skipped'],
  ['drop foreign data wrapper told cascade', 'skipped'],
  ['alter domain told drop constraint told_check', 'ran'],
];

/** Rows are made up for a way back, and it makes what was there, not what the shadow has instead of it. */
async function showsWhatItHas(chain: Chain, base: Base): Promise<void> {
  const request = requestOf([{ name: 'm', up: 'drop table holds' }], { base });
  const never = new AbortController().signal;
  const { way } = await chain.roundTrip(request, { index: 0, finds: true }, never);
  const { before } = await chain.dumps(request, { from: 0, to: 1 }, never);
  for (const text of [way?.statements.join(';\n') ?? '', before]) {
    match(text, /CONSTRAINT \S+ CHECK \(\(public\.tells\(/);
    doesNotMatch(text, /not computed/);
  }
}

/** Each would change the database of that name, whatever it is called from. */
const namingDatabase = (name: string): string[] => [
  `alter database ${name} set app.hit to 'yes'`,
  `ALTER DATABASE "${name}" OWNER TO rehearsal_nobody`,
  `alter database ${name} connection limit 1`,
  `alter /* so */ database ${name} reset all`,
  `alter role all in database ${name} set app.hit to 'yes'`,
  `comment on database ${name} is 'hit'`,
  `grant connect, temporary on database ${name} to public with grant option`,
  `revoke all privileges on database ${name} from public`,
  `do $$ begin alter database ${name} set app.hit to 'yes'; end $$`,
  `do $$ begin if true then comment on database ${name} is 'hit'; else revoke all on database ${name} from public; end if; end $$`,
  `do $$ begin execute 'alter database ${name} set app.hit to yes'; end $$`,
  `do $$ begin execute 'alter data' || 'base ${name} set app.hit to yes'; end $$`,
  `do $$ begin execute format('alter database %I set app.hit to %L', '${name}', 'yes'); end $$`,
  `do $$ begin execute format('grant all on database %I to public', '${name}'); end $$`,
  `do $$ declare it text := 'comment on database ${name} is ''hit'''; begin execute it; end $$`,
  `do $$ begin execute 'do $' || '$ begin alter database ${name} reset all; end $' || '$'; end $$`,
  `do $$ begin execute 'alter database ' || quote_ident('${name}') || ' set app.hit to yes'; end $$`,
  `do $$ declare it text := '${name}'; begin execute 'grant all on database ' || it || ' to public'; end $$`,
  `do language plpgsql 'begin execute ''revoke all on database ${name} from public''; end'`,
];

for (const major of [servers.oldest, servers.newest])
  describe(`what the live schema reaches, on PostgreSQL ${major}`, () => {
    before(loadParser);

    it('gets nothing from a rehearsal', async () => {
      await withDatabase(major, (url) =>
        withSession(url, async (target) => {
          await demand(target, 'create table audit (id int)');
          const { place, log } = await sharedPlace(major, 'postgres');
          const base: Base = { kind: 'dump', sql: schemaReaching(url), fingerprint: url, setUp: noSetUp };
          const up = outcomes.map(([sql]) => sql).join(';\n');
          const chain = createChain(place);
          const lines = await linesOf(chain, requestOf([{ name: 'm', up }], { base }));
          deepEqual(
            lines.map((line, i) => [outcomes[i]?.[0], line.split(' ')[2]]),
            outcomes,
          );
          if (major === servers.newest) await showsWhatItHas(chain, base);
          await place.close();
          equal(await valueOf(target, 'select count(*)::int from audit'), 0);
          match(log.join('\n'), /the shadow lacks: create event trigger watch, which reaches outside the database/);
          match(log.join('\n'), /the shadow lacks: 42704 create user mapping$/m);
          doesNotMatch(log.join('\n'), /do not tell|options/i);
        }),
      );
    });

    it('is never the target itself, by whatever way its name is said', async () => {
      await withDatabase(major, (url) =>
        withSession(url, async (target) => {
          const name = new URL(url).pathname.slice(1);
          const stateOf = `select concat_ws(' | ', datacl, datconnlimit, shobj_description(oid, 'pg_database'),
              (select string_agg(setconfig::text, ' ') from pg_db_role_setting where setdatabase = d.oid))
             from pg_database d where datname = current_database()`;
          await demand(target, `alter database ${name} set app.kept to 'yes'`);
          const before = await valueOf(target, stateOf);
          const { place } = await sharedPlace(major, 'postgres');
          const up = namingDatabase(name).join(';\n');
          for (const mode of ['transaction', 'statements', 'implicit'] as const) {
            const lines = await linesOf(createChain(place), requestOf([{ name: 'm', up, mode }]));
            deepEqual(
              lines.filter((line) => !line.endsWith('skipped reaches')),
              [],
              mode,
            );
          }
          await place.close();
          equal(await valueOf(target, stateOf), before);
        }),
      );
    });
  });
