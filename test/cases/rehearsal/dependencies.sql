--- before
create table t (id int primary key, a int, b int generated always as (a * 2) stored);
create view v as select id, b from t;
create materialized view m as select a from v join t using (id);
create function f(t) returns int language sql immutable as $$ select $1.a $$;
create table parent (id int, at date) partition by range (at);
create table child partition of parent for values from ('2024-01-01') to ('2025-01-01');
create type mood as enum ('sad', 'ok');
create domain positive as int check (value > 0);
create table moods (m mood default 'ok', p positive);
create rule r as on insert to v do instead nothing;
create policy own on t using (id = 1);
--- migration
alter table t drop column a;
--                        ^ error 2BP01 cannot drop column a of table t because other objects depend on it
alter table t alter column id type text;
--                         ^^ error 0A000 cannot alter type of a column used by a view or rule
drop view v;
--        ^ error 2BP01 cannot drop view v because other objects depend on it
insert into t (id, b) values (1, 2);
--                 ^ error 428C9 cannot insert a non-DEFAULT value into column "b"
create table child2 partition of parent for values from ('2024-06-01') to ('2024-07-01');
--                                                       ^^^^^^^^^^^^ error 42P17 partition "child2" would overlap partition "child"
insert into parent values (1, '2030-01-01');
--          ^^^^^^ error 23514 no partition of relation "parent" found for row
alter table child drop column id;
--                            ^^ error 42P16 cannot drop inherited column "id"
alter table parent add primary key (id);
--          ^^^^^^ error 0A000 unique constraint on partitioned table must include all partitioning columns
drop type mood;
--        ^^^^ error 2BP01 cannot drop type mood because other objects depend on it
alter type mood add value 'ok';
--                        ^^^^ error 42710 enum label "ok" already exists
insert into moods values ('great', 1);
--                        ^^^^^^^ error 22P02 invalid input value for enum mood: "great"
insert into moods values ('ok', 0);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 23514 value for domain positive violates check constraint "positive_check"
drop function f(t);
drop function f(int);
--            ^ error 42883 function f(integer) does not exist
create or replace view v as select id from t;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ hint 42P16 cannot drop columns from view (follows from migration)
refresh materialized view concurrently m;
--                                     ^ error 55000 cannot refresh materialized view "public.m" concurrently
create policy own on t using (true);
--            ^^^ error 42710 policy "own" for table "t" already exists
drop trigger nope on t;
--           ^^^^ error 42704 trigger "nope" for table "t" does not exist
alter table t add constraint c check (nope > 1);
--                                    ^^^^ error 42703 column "nope" does not exist
alter table t add foreign key (a) references parent (id);
--                                           ^^^^^^ error 42830 there is no unique constraint matching given keys for referenced table "parent"
create trigger tr before insert on t for each row execute function f();
--                                                                 ^ error 42883 function f() does not exist
create table t2 (like t including all, a int);
--                                     ^ error 42701 column "a" specified more than once
create sequence s start 5 maxvalue 3;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 22023 START value (5) cannot be greater than MAXVALUE (3)
grant select on t to nobody_at_all;
--                   ^^^^^^^^^^^^^ error 42704 role "nobody_at_all" does not exist
create extension nothing_like_this;
--               ^^^^^^^^^^^^^^^^^ error extension-missing The server has no extension nothing_like_this.
select * from t where id = 'x';
--                         ^^^ error 22P02 invalid input syntax for type integer: "x"
--- two
create or replace function f(t) returns text language sql as $$ select 'x'::text $$;
alter domain positive add constraint small check (value < 10);
comment on column t.nope is 'x';
--                ^^^^^^ error 42703 column "nope" of relation "t" does not exist
create index on t (lower(a));
--                 ^^^^^ error 42883 function lower(integer) does not exist
create unique index concurrently u on t (a);
--                                       ^ error 25001 CREATE INDEX CONCURRENTLY cannot run inside a transaction block
create statistics st on a from t;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error 42P17 extended statistics require at least 2 columns
alter sequence nope restart;
--             ^^^^ error 42P01 relation "nope" does not exist
set constraints nope deferred;
--              ^^^^ error 42704 constraint "nope" does not exist
truncate nope;
--       ^^^^ error 42P01 relation "nope" does not exist
create aggregate agg (int) (sfunc = nope, stype = int);
--                                  ^^^^ error 42883 function nope(integer, integer) does not exist
create operator === (leftarg = int, rightarg = int, function = nope);
--                                                             ^^^^ error 42883 function nope(integer, integer) does not exist
create cast (int as mood) with function nope(int);
--                                      ^^^^ error 42883 function nope(integer) does not exist
alter default privileges for role nobody_at_all grant select on tables to public;
--                                ^^^^^^^^^^^^^ error 42704 role "nobody_at_all" does not exist
