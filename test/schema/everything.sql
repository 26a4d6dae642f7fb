-- One object of every kind that pg_dump knows, in a database of its own. Roles some_reader and some_owner are there.
create extension citext;
create extension postgres_fdw;
create schema app authorization some_owner;
comment on schema app is 'everything';
create collation app.german (provider = icu, locale = 'de');
create type app.mood as enum ('sad', 'it''s ok');
create type app.pair as (a int, b text);
create type app.span as range (subtype = timestamptz, multirange_type_name = app.spans);
create type app.shell;
create domain app.positive as int not null default 1 constraint is_positive check (value > 0);
create sequence app.numbers start 5 increment 2 cycle;
create table app.parts (
  id int generated always as identity primary key,
  code citext not null unique,
  doubled int generated always as (price * 2) stored,
  price app.positive default 3,
  span app.span,
  m app.mood default 'sad',
  p app.pair,
  name text compression pglz collate app.german,
  constraint named check (length(name) < 10) not valid,
  constraint apart exclude using gist (span with &&)
);
create table app.legacy (id serial primary key, part int references app.parts on delete cascade deferrable);
alter sequence app.numbers owned by app.legacy.id;
create unlogged table app.fast (id int) with (fillfactor = 50);
create table app.child (extra int) inherits (app.legacy);
create table app.events (id int, at date not null) partition by range (at);
create table app.events_2024 partition of app.events (primary key (id)) for values from ('2024-01-01') to ('2025-01-01');
create table app.events_rest partition of app.events default;
create index events_at on app.events using brin (at);
create unique index parts_lower on app.parts (lower(code::text)) include (price) where price > 1;
alter table app.parts cluster on parts_pkey;
alter table app.parts alter column name set storage external;
alter table app.parts replica identity full;
alter table app.parts alter column price set statistics 50;
create statistics app.linked (dependencies) on id, price from app.parts;
create table app.typed of app.pair (a with options primary key);
create function app.body(n int, out m int) language plpgsql security definer set search_path to app as $$
begin

  -- A body may hold what looks like a dump:



ALTER TABLE app.parts OWNER TO nobody;
SET default_tablespace = '';
--

  m := n;
end
$$;
create function app.atomic() returns int language sql begin atomic select 1; select 2; end;
create procedure app.proc() language sql as $$ select 1 $$;
create function app.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create function app.on_ddl() returns event_trigger language plpgsql as $$ begin end $$;
create function app.plus(app.pair, app.pair) returns app.pair language sql immutable as $$ select $1 $$;
create function app.less(app.pair, app.pair) returns boolean language sql immutable as $$ select $1.a < $2.a $$;
create function app.same(app.pair, app.pair) returns int language sql immutable as $$ select $1.a - $2.a $$;
create function app.mood_of(int) returns app.mood language sql immutable as $$ select 'sad'::app.mood $$;
create aggregate app.total (app.pair) (sfunc = app.plus, stype = app.pair);
create operator app.+ (leftarg = app.pair, rightarg = app.pair, function = app.plus, commutator = operator(app.+));
create operator app.< (leftarg = app.pair, rightarg = app.pair, function = app.less);
create operator family app.family using btree;
create operator class app.pairs for type app.pair using btree family app.family as operator 1 app.<, function 1 app.same(app.pair, app.pair);
create cast (int as app.mood) with function app.mood_of(int) as assignment;
create conversion app.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create text search dictionary app.dict (template = simple, stopwords = english);
create text search configuration app.conf (copy = english);
alter text search configuration app.conf alter mapping for asciiword with app.dict;
create text search parser app.parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
create text search template app.template (init = dsimple_init, lexize = dsimple_lexize);
create transform for int language plpgsql (from sql with function prsd_lextype(internal));
create access method heap2 type table handler heap_tableam_handler;
create trusted language plsomething handler plpgsql_call_handler;
create view app.seen with (security_barrier) as select id, code from app.parts with local check option;
create materialized view app.counted as select count(*) as n from app.parts with no data;
create unique index counted_n on app.counted (n);
create rule no_delete as on delete to app.parts do instead nothing;
create trigger touch before update of price on app.parts for each row when (old.price <> new.price) execute function app.touch();
alter table app.parts disable trigger touch;
create constraint trigger later after insert on app.parts deferrable initially deferred for each row execute function app.touch();
create event trigger on_ddl on ddl_command_end when tag in ('CREATE TABLE') execute function app.on_ddl();
alter table app.parts enable row level security;
alter table app.parts force row level security;
create policy own on app.parts as restrictive for select to some_reader using (id > 0);
create foreign data wrapper wrapper;
create server remote foreign data wrapper postgres_fdw options (host 'nowhere');
create user mapping for some_reader server remote options (user 'x');
create foreign table app.far (id int options (column_name 'x')) server remote;
create publication published for table app.parts, app.legacy with (publish = 'insert');
create subscription sub connection 'host=nowhere' publication p with (connect = false);
grant select, insert (name) on app.parts to some_reader;
grant usage on schema app to some_reader with grant option;
revoke execute on function app.body(int) from public;
grant usage on type app.mood to some_reader;
alter default privileges for role some_owner in schema app grant select on tables to some_reader;
comment on table app.parts is 'two
lines; -- and a comment';
comment on column app.parts.code is 'the code';
comment on constraint named on app.parts is 'a constraint';
comment on function app.body(int) is 'a function';
alter table app.legacy owner to some_owner;
alter procedure app.proc() owner to some_owner;
