--- one
create schema app;
set search_path to app;
set role pg_monitor;
create table here (id int);
--           ^^^^ error 3F000 no schema has been selected to create in
reset role;
create table there (id int);
--- two
select * from there;
--            ^^^^^ error 42P01 relation "there" does not exist
select * from app.there;
set local statement_timeout = 50;
select pg_sleep(1);
^^^^^^^^^^^^^^^^^^ warning 57014 canceling statement due to statement timeout
