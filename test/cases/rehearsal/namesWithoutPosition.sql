--- before
create table "Odd Näme" (id int primary key, "Straße" text);
create table child (id int primary key, parent int references "Odd Näme");
create view v as select id, "Straße" from "Odd Näme";
--- migration
alter table "Odd Näme" drop column "Strasse";
--                                 ^^^^^^^^^ error 42703 column "Strasse" of relation "Odd Näme" does not exist
alter table "Odd Näme" drop column "Straße";
--                                 ^^^^^^^^ error 2BP01 cannot drop column Straße of table "Odd Näme" because other objects depend on it
drop table "Odd Näme";
--         ^^^^^^^^^^ error 2BP01 cannot drop table "Odd Näme" because other objects depend on it
alter table child add constraint fk foreign key (parant) references "Odd Näme" (id);
--                                               ^^^^^^ error 42703 column "parant" referenced in foreign key constraint does not exist
alter table child alter column id type text using id::text, add column parent int;
--                                                                     ^^^^^^ error 42701 column "parent" of relation "child" already exists
create index on child (parentt);
--                     ^^^^^^^ error 42703 column "parentt" does not exist
alter table child add constraint fk2 foreign key (parent) references "Odd Näme" ("Straße");
--                                                                   ^^^^^^^^^^ error 42830 there is no unique constraint matching given keys for referenced table "Odd Näme"
create unique index child_pkey on child (id);
--                  ^^^^^^^^^^ error 42P07 relation "child_pkey" already exists
create table public.child (id int);
--           ^^^^^^^^^^^^ error 42P07 relation "child" already exists
drop function nowhere.f(int);
--            ^^^^^^^ error 3F000 schema "nowhere" does not exist
create table pair (left_id int, right_id int, primary key (left_id, rihgt_id), unique (left_id));
--                                                                  ^^^^^^^^ error 42703 column "rihgt_id" named in key does not exist
create table other (a int, unique (a, bb));
--                                    ^^ error 42703 column "bb" named in key does not exist
create schema audit;
create table audit.log (id int primary key, log int references audit.log);
create trigger t after insert on audit.log for each row execute function audit.recrod();
--                                                                       ^^^^^^^^^^^^ error 42883 function audit.recrod() does not exist
alter table child add column points int not null default 'many';
--                                                       ^^^^^^ error 22P02 invalid input syntax for type integer: "many"
create table audit.entry (id int references audit.log);
drop table audit.log;
--         ^^^^^^^^^ error 2BP01 cannot drop table audit.log because other objects depend on it
alter table child add column settings jsonb default 'none';
--                                                  ^^^^^^ error 22P02 invalid input syntax for type json
