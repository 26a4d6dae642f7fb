--- before
create table items (id int);
create function price(int) returns int language sql as 'select $1';
create view cheap as select id from items;
--- migration
create table "Odd Names" (id serial primary key, item_id int);
^^^^^^ lock ACCESS EXCLUSIVE table public."Odd Names" (unseen)
^^^^^^ lock ACCESS EXCLUSIVE sequence public."Odd Names_id_seq" (unseen)
^^^^^^ lock ACCESS EXCLUSIVE index public."Odd Names_pkey" (unseen)
^^^^^^ created sequence public."Odd Names_id_seq"
^^^^^^ created table public."Odd Names"
^^^^^^ created index public."Odd Names_pkey"
create or replace function price(int) returns int language sql as 'select $1 + 1';
^^^^^^ altered function public.price(integer)
create or replace function price(int, int) returns int language sql as 'select $1';
^^^^^^ created function public.price(integer,integer)
create or replace view cheap as select id from items where id < 5;
^^^^^^ lock ACCESS EXCLUSIVE view public.cheap
^^^^^^ lock ACCESS SHARE table public.items
^^^^^^ altered view public.cheap
create or replace view cheap as select id from items where id < 6;
^^^^^^ lock ACCESS EXCLUSIVE view public.cheap (held)
^^^^^^ lock ACCESS SHARE table public.items (held)
^^^^^^ altered view public.cheap
alter table items rename to things;
^^^^^ lock ACCESS EXCLUSIVE table public.things
^^^^^ altered table public.things
^^^^^ changed view public.cheap
comment on table things is 'x';
^^^^^^^ lock SHARE UPDATE EXCLUSIVE table public.things
^^^^^^^ altered table public.things
grant select on things to public;
^^^^^ lock ACCESS SHARE table public.things (held)
drop view cheap;
^^^^ lock ACCESS EXCLUSIVE view public.cheap (held)
^^^^ dropped view public.cheap
create schema s create table t (id int);
^^^^^^ lock ACCESS EXCLUSIVE table s.t (unseen)
^^^^^^ created schema s
^^^^^^ created table s.t
create type mood as enum ('good');
^^^^^^ created type public.mood
drop type mood;
^^^^ lock ACCESS EXCLUSIVE type public.mood (unseen)
^^^^ dropped type public.mood
select pg_advisory_xact_lock(7);
^^^^^^ lock EXCLUSIVE advisory lock 0,7,1
set local client_min_messages = error;
drop table s.t;
^^^^ lock ACCESS EXCLUSIVE table s.t (held) (unseen)
^^^^ dropped table s.t
