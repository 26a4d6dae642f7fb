--- before
create table users (id int primary key, mail text, age int);
create view adults as select id, mail, age from users where age > 17;
create view names as select mail from adults;
create policy own on users using (mail = current_user);
create function mail_of(wanted int) returns text language plpgsql as
  'begin return (select mail from users where users.id = wanted); end';
create function unrelated() returns text language plpgsql as 'begin return (select email from users2); end';
create function touch() returns trigger language plpgsql as 'begin return new; end';
create trigger touch before update of mail on users for each row execute function touch();
create type stage as enum ('new');
create table tasks (id int, stage stage);
create index users_mail on users (mail);
--- migration
alter table users rename column mail to email;
^^^^^ lock ACCESS EXCLUSIVE table public.users
^^^^^ altered table column public.users.email
^^^^^ changed policy own on public.users
^^^^^ changed trigger touch on public.users
^^^^^ changed view public.adults
^^^^^ invalidated prepared statements public.users
^^^^^ mayBreak function public.mail_of(wanted integer)
alter table users rename to people;
^^^^^ lock ACCESS EXCLUSIVE table public.people (held)
^^^^^ altered table public.people
^^^^^ changed policy own on public.people
^^^^^ changed trigger touch on public.people
^^^^^ changed view public.adults
^^^^^ mayBreak function public.mail_of(wanted integer)
alter function touch() rename to touched;
^^^^^ lock ACCESS EXCLUSIVE function public.touched()
^^^^^ altered function public.touched()
^^^^^ changed trigger touch on public.people
alter type stage add value 'done';
^^^^^ lock EXCLUSIVE type public.stage
^^^^^ altered type public.stage
^^^^^ changed table column public.tasks.stage
alter table people drop column age cascade;
^^^^^ lock ACCESS EXCLUSIVE view public.adults
^^^^^ lock ACCESS EXCLUSIVE view public.names
^^^^^ lock ACCESS EXCLUSIVE table public.people (held)
^^^^^ altered table public.people
^^^^^ dropped table column public.people.age
^^^^^ dropped view public.adults
^^^^^ dropped view public.names
^^^^^ invalidated prepared statements public.people
^^^^^ notice drop cascades to 2 other objects
alter table people drop column email cascade;
^^^^^ lock ACCESS EXCLUSIVE table public.people (held)
^^^^^ lock ACCESS EXCLUSIVE index public.users_mail
^^^^^ altered table public.people
^^^^^ dropped table column public.people.email
^^^^^ dropped index public.users_mail
^^^^^ dropped policy own on public.people
^^^^^ dropped trigger touch on public.people
^^^^^ invalidated prepared statements public.people
^^^^^ notice drop cascades to 2 other objects
drop table people cascade;
^^^^ lock ACCESS EXCLUSIVE table public.people (held)
^^^^ lock ACCESS EXCLUSIVE index public.users_pkey
^^^^ dropped table public.people
