--- schema
create table bookings (id int, room int4range, during daterange, state text);
create table events (id int, span int4range);
--- rows
insert into bookings values
  (1, '[1,3)', '[2024-01-01,2024-01-05)', 'on'), (2, '[2,4)', '[2024-01-04,2024-01-08)', 'on'),
  (3, '[2,4)', '[2024-02-01,2024-02-02)', 'on'), (4, '[1,9)', '[2024-01-01,2024-12-31)', 'off'), (5, null, '[2024-01-01,2024-12-31)', 'on');
insert into events values (1, '[1,5)'), (1, '[5,9)'), (2, '[1,20)');
--- two ranges
alter table bookings add exclude using gist (room with &&, during with &&);
--          ^^^^^^^^ 23P01 4 rows of bookings conflict with another (could not create exclusion constraint "bookings_room_during_excl")
--- named, with a predicate
alter table bookings add constraint one exclude using gist (room with &&, during with &&) where (state = 'on');
--                                  ^^^ 23P01 2 rows of bookings conflict with another (could not create exclusion constraint "one")
--- by btree
alter table bookings add exclude using btree (state with =);
--          ^^^^^^^^ 23P01 4 rows of bookings conflict with another (could not create exclusion constraint "bookings_state_excl")
--- an expression
alter table bookings add exclude using gist (int4range(id, id + 2) with &&);
--          ^^^^^^^^ 23P01 5 rows of bookings conflict with another (could not create exclusion constraint "bookings_int4range_excl")
--- none
alter table events add exclude using gist (int4range(id * 10, id * 10 + 1) with -|-);
--- deferrable
alter table events add constraint apart exclude using gist (span with &&) deferrable initially deferred;
--                                ^^^^^ 23P01 3 rows of events conflict with another (could not create exclusion constraint "apart")
