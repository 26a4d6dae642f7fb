--- schema
create type mood as enum ('sad', 'ok');
create domain small as int check (value < 10);
create table notes (id int, code text, mail text not null, amount numeric, long bigint, at text, state text, data text, feel mood, bits bit varying);
create unique index on notes (amount);
alter table notes add constraint positive check (amount > 0.2);
create table tags (id int primary key, name varchar(20));
create table uses (tag int references tags, note text);
create table parts (id int, code text) partition by list (id);
create table parts_1 partition of parts for values in (1, 2, 3);
--- rows
insert into notes values
  (1, '1', 'a', 1.4, 1, '2020-01-01', 'sad', '{}', 'ok', '101'), (2, 'x', '', 1.3, 3000000000, 'soon', 'glad', '[', 'sad', '1'),
  (3, null, 'c', 0.3, 7, null, null, null, null, null), (4, '12', '', 40000, 9, '2020-02-30', 'ok', '{"a": 1}', 'ok', '10');
insert into tags values (1, 'one'), (2, 'two and more');
insert into uses values (1, 'x'), (2, 'y'), (null, 'z');
insert into parts values (1, '5'), (2, 'five');
--- text to integer
alter table notes alter code type int using code::int;
--                      ^^^^ 22P02 1 row of notes cannot turn its code into integer (invalid input syntax for type integer)
--- text to integer with a way out
alter table notes alter code type int using case when code ~ '^\d+$' then code::int end;
--- text to date, in parentheses
alter table notes alter column at type date using (at::date);
--                             ^^ 22007 2 rows of notes cannot turn their at into date (invalid input syntax for type date)
--- bigint to int
alter table notes alter long type int;
--                      ^^^^ 22003 1 row of notes cannot turn its long into integer (integer out of range)
--- shorter text
alter table tags alter name type varchar(5);
--                     ^^^^ 22001 1 row of tags cannot turn its name into character varying(5) (value too long for type character varying(5))
--- shorter text that is cut
alter table tags alter name type varchar(5) using name::varchar(5);
--- shorter text by left
alter table tags alter name type varchar(5) using left(name, 5);
--- numeric with less room
alter table notes alter amount type numeric(5, 1);
--                      ^^^^^^ 22003 1 row of notes cannot turn its amount into numeric(5,1) (numeric field overflow)
--- rounded values that are the same
alter table notes alter amount type int;
--          ^^^^^ 23514 1 row of notes breaks positive (check constraint "positive" of relation "notes" is violated by some row)
--          ^^^^^ 23505 2 rows of notes share their amount with another (could not create unique index "notes_amount_idx")
--- rounded values that break a check
update notes set amount = amount;
alter table notes alter amount type numeric(9, 1), drop constraint positive;
--- to json
alter table notes alter data type jsonb using data::jsonb;
--                      ^^^^ 22P02 1 row of notes cannot turn its data into jsonb (invalid input syntax for type json)
--- to an enum
alter table notes alter state type mood using state::mood;
--                      ^^^^^ 22P02 1 row of notes cannot turn its state into public.mood (invalid input value for enum public.mood)
--- to an enum by cast
alter table notes alter column state type mood using cast(state as mood);
--                             ^^^^^ 22P02 1 row of notes cannot turn its state into public.mood (invalid input value for enum public.mood)
--- to a new enum
create type feeling as enum ('sad', 'glad');
alter table notes alter state type feeling using lower(state)::feeling;
--                      ^^^^^ 22P02 1 row of notes cannot turn its state into public.feeling (invalid input value for enum public.feeling)
--- to a new enum that has them all
create type feeling as enum ('sad', 'glad', 'ok');
alter table notes alter state type feeling using state::feeling;
--- to a new enum, not null
create type feeling as enum ('sad', 'glad', 'ok');
alter table notes alter state type feeling using state::text::feeling, alter state set not null;
--                      ^^^^^ 23502 1 row of notes has no state (column "state" of relation "notes" contains null values)
--- an enum that grows first
alter type mood add value 'glad';
--- from enum to enum
create type feeling as enum ('ok', 'fine');
alter table notes alter feel type feeling using feel::text::feeling;
--                      ^^^^ 22P02 1 row of notes cannot turn its feel into public.feeling (invalid input value for enum public.feeling)
--- to a domain, unknown
alter table notes alter id type small using id * 4;
--- nulls by nullif
alter table notes alter mail type text using nullif(mail, '');
--                      ^^^^ 23502 2 rows of notes have no mail (column "mail" of relation "notes" contains null values)
--- two columns
alter table notes alter code type int using code::int, alter id type text;
--                      ^^^^ 22P02 1 row of notes cannot turn its code into integer (invalid input syntax for type integer)
--- with what refers to it
alter table tags alter id type bigint;
--- with what refers to it and finds it no more
alter table tags alter id type bigint using id + 1;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23503 1 row of uses matches no row of tags by tag (insert or update on table "uses" violates foreign key constraint "uses_tag_fkey")
--- bits
alter table notes alter bits type bit(3);
--                      ^^^^ 22026 2 rows of notes cannot turn their bits into bit(3) (bit string length 1 does not match type bit(3))
--- partitions
alter table parts alter code type int using code::int;
--                      ^^^^ 22P02 1 row of parts cannot turn its code into integer (invalid input syntax for type integer)
--- with a comment
alter table notes /* , using */ alter code type int -- as a number
--                                    ^^^^ 22P02 1 row of notes cannot turn its code into integer (invalid input syntax for type integer)
  using /* the text */ code::int; -- done
--- computed column
alter table notes add column half int generated always as (10 / (id - 2)) stored;
--                           ^^^^ 22012 1 row of notes has no half that can be computed (division by zero)
--- computed column that can be
alter table notes add column half int generated always as (10 / (id + 2)) stored check (half > 1);
--          ^^^^^ 23514 1 row of notes breaks notes_half_check (check constraint "notes_half_check" of relation "notes" is violated by some row)
--- index on an expression
create index on notes ((code::int));
--              ^^^^^ 22P02 1 row of notes has no ((code)::integer) that can be computed (invalid input syntax for type integer)
--- index on an expression that others have not
create index on notes ((code::int)) where code ~ '^\d+$';
--- unique index on an expression
create unique index on notes ((10 / (id - 3)));
--                     ^^^^^ 22012 1 row of notes has no ((10 / (id - 3))) that can be computed (division by zero)
--- retyped, then checked
alter table notes alter long type text using (long % 2)::text;
alter table notes add constraint odd check (long <> '0'), add constraint even check (long <> '1');
--                               ^^^ 23514 1 row of notes breaks odd (check constraint "odd" of relation "notes" is violated by some row)
--                                                                       ^^^^ 23514 3 rows of notes break even (check constraint "even" of relation "notes" is violated by some row)
