--- 0 together
create type other as enum ('a');
--- 1 together
create type mood as enum ('sad');
create table t (id int primary key, m mood);
commit;
begin;
--- 2 together
alter type mood add value 'ok';
--- 3 together
alter table t alter m set default 'ok';
--                                ^^^^ error 55P04 unsafe use of new value "ok" of enum type mood
alter table t add constraint c check (m <> 'ok');
--                                         ^^^^ error 55P04 unsafe use of new value "ok" of enum type mood
--- 4 together
insert into t values (1, 'sad');
select m from t where x = 1;
--                    ^ error 42703 column "x" does not exist
