--- schema
create table t (id int, a int, span int4range not null, room int4range);
create table keys (id int primary key);
--- rows
insert into t values
  (1, 1, '[1,5)', '[1,2)'), (2, null, '[4,6)', '[1,2)'), (2, -1, '[5,9)', '[1,2)'), (3, -1, '[1,9)', '[3,4)');
--- not null, not validated
alter table t add constraint filled not null a not valid;
--- not null, validated later
alter table t add constraint filled not null a not valid;
alter table t validate constraint filled;
--          ^ 23502 1 row of t has no a (column "a" of relation "t" contains null values)
--- not null by name
alter table t add constraint filled not null a;
--                                           ^ 23502 1 row of t has no a (column "a" of relation "t" contains null values)
--- not enforced
alter table t add constraint positive check (a > 0) not enforced;
--- not enforced key
alter table t add foreign key (a) references keys not enforced;
--- retyped, not validated
alter table t add constraint filled not null a not valid;
alter table t alter a type bigint;
--- computed when it is read
alter table t add column twice int generated always as (10 / (a + 1)) virtual;
--- computed when it is read, checked
alter table t add column twice int generated always as (a * 2) virtual check (twice > 0);
--          ^ 23514 2 rows of t break t_twice_check (check constraint "t_twice_check" of relation "t" is violated by some row)
--- without overlaps
alter table t add unique (room, span without overlaps);
--          ^ 23P01 3 rows of t conflict with another (could not create exclusion constraint "t_room_span_key")
--- without overlaps, when there are none
alter table t add constraint one unique (span, room without overlaps);
--- set expression
alter table t add column twice int generated always as (a * 2) stored;
alter table t alter twice set expression as (10 / (a + 1));
--                  ^^^^^ 22012 2 rows of t have no twice that can be computed (division by zero)
