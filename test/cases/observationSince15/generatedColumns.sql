--- before
create table users (id int primary key, age int, twice int generated always as (age * 2) stored);
create view adults as select id, age from users where age > 17;
--- migration
alter table users drop column age cascade;
^^^^^ lock ACCESS EXCLUSIVE view public.adults
^^^^^ lock ACCESS EXCLUSIVE table public.users
^^^^^ altered table public.users
^^^^^ dropped table column public.users.age
^^^^^ dropped table column public.users.twice
^^^^^ dropped view public.adults
^^^^^ invalidated prepared statements public.users
^^^^^ notice drop cascades to 2 other objects
