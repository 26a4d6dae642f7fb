-- What reaches outside without being named: by a domain, an operator, a cast, an aggregate, a library. It is no error that what was not rehearsed is missing afterwards.
--- made
create function far(text) returns boolean language plpgsql as $$ begin perform pg_read_file($1); return true; end $$;
create domain place as text check (far(value));
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses far, which reads files of the database server (pg_read_file). It runs when the migration is applied.
create table files (id int, name place);
--                               ^^^^^ hint 42704 type "place" does not exist (follows from made)
insert into files values (1, 'x');
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it reads files of the database server (pg_read_file). It runs when the migration is applied.
select 'x'::place;
^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses place, which reads files of the database server (pg_read_file). It runs when the migration is applied.
alter table files add column other place default 'x';
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses place, which reads files of the database server (pg_read_file). It runs when the migration is applied.
--- loaded
create function lib(text, text) returns text language c as '$libdir/dblink', 'dblink_exec';
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
create operator ### (leftarg = text, rightarg = text, function = lib);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses lib, which loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
comment on operator ### (text, text) is 'far';
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it is about ###, which loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
select 'a' ### 'b';
^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses ###, which loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
create aggregate libs(text) (sfunc = lib, stype = text);
--                                   ^^^ hint 42883 function lib(text, text) does not exist (follows from loaded)
select libs('a');
^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
comment on aggregate libs(text) is 'far';
--                   ^^^^ hint 42883 aggregate libs(text) does not exist (follows from loaded)
create type point2 as (x int);
create function point2(text) returns point2 language c as '$libdir/dblink', 'dblink_exec';
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
create cast (text as point2) with function point2(text);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses point2, which loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
comment on cast (text as point2) is 'far';
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it is about text as point2, which loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
select 'a'::text::point2;
^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses point2, which loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
create table points (p point2);
alter table points alter p set default 'a'::text;
--                       ^ hint 42804 column "p" is of type point2 but default expression is of type text (follows from loaded)
create function uses(p point2 default 'a'::text::point2) returns int language sql as 'select 1';
drop cast (text as point2);
^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it is about text as point2, which loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
drop aggregate libs(text);
--             ^^^^ hint 42883 aggregate libs(text) does not exist (follows from loaded)
drop operator ### (text, text);
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it is about ###, which loads code that may do anything on the database server (CREATE FUNCTION). It runs when the migration is applied.
drop function lib(text, text);
--            ^^^ hint 42883 function lib(text, text) does not exist (follows from loaded)
--- replaced
create function near(text) returns boolean language sql as 'select true';
create domain kept as text check (near(value));
create operator #### (rightarg = text, function = near);
create table keeps (a kept[] default '{a}');
create function watch() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger watch on ddl_command_end execute function watch();
create or replace function near(text) returns boolean language plpgsql as $$ begin perform pg_read_file($1); return true; end $$;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it changes what types, operators, indexes or event triggers call: it uses near, which reads files of the database server (pg_read_file). It runs when the migration is applied.
create or replace function watch() returns event_trigger language plpgsql as $$ begin perform pg_read_file('x'); end $$;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it changes what types, operators, indexes or event triggers call: it uses watch, which reads files of the database server (pg_read_file). It runs when the migration is applied.
select 'x'::kept;
^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses kept, which reads files of the database server (pg_read_file). It runs when the migration is applied.
--- block
do $$ begin perform pg_read_file('x'); create function both(text, text) returns text language sql as 'select $1'; end $$;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it reads files of the database server (pg_read_file). It runs when the migration is applied.
create aggregate boths(text) (sfunc = both, stype = text);
--                                    ^^^^ hint 42883 function both(text, text) does not exist (follows from block)
create operator ##### (leftarg = text, rightarg = text, function = both);
--                                                                 ^^^^ hint 42883 function both(text, text) does not exist (follows from block)
