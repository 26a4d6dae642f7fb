--- migration
select 1;
select pg_sleep(60);
select nope;
