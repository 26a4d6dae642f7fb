--- schema
create domain code as text;
create domain strict_code as code;
create domain number as int;
alter domain number add constraint later check (value < 100) not valid;
create table items (id int, it code, other strict_code, n number);
create table more (id int, "It" code);
create table plain (id int, word text);
--- rows
insert into items values (1, 'a', 'b', 5), (2, 'VALUE', null, null), (3, null, 'abc', 7);
insert into more values (1, 'ab'), (2, 'abc');
insert into plain values (1, 'x'), (2, 'yyy');
alter domain number drop constraint later;
insert into items values (4, 'z', 'z', 1000);
alter domain number add constraint later check (value < 100) not valid;
--- check
alter domain strict_code add check (length(value) < 3);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23514 1 row of items breaks the constraint with its other (column "other" of table "items" contains values that violate the new constraint)
--- check that all pass
alter domain code add constraint short check (length(value) < 30 and value <> 'VALUE is');
--- check of a number
alter domain number add check (value + 1 > 6);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23514 1 row of items breaks the constraint with its n (column "n" of table "items" contains values that violate the new constraint)
--- not null
alter domain number set not null;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23502 1 row of items has no n (column "n" of table "items" contains null values)
--- not null of a made one
alter domain strict_code set not null;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23502 1 row of items has no other (column "other" of table "items" contains null values)
--- not valid
alter domain number add check (value > 6) not valid;
--- validate
alter domain number validate constraint later;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 23514 1 row of items breaks the constraint with its n (column "n" of table "items" contains values that violate the new constraint)
--- dropped
alter domain number drop constraint later;
--- a new domain
create domain tiny as text check (length(value) < 2);
alter table plain add column t tiny default 'abc';
--                           ^ 23514 2 rows of plain would break the domain of t (value for domain public.tiny violates check constraint "tiny_check")
--- a new domain for a column, unknown
create domain tiny as text check (length(value) < 2);
alter table plain alter word type tiny;
--- raises
alter domain number add check (10 / (value - 5) < 100);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 22012 1 row of items breaks the constraint with its n (division by zero)
