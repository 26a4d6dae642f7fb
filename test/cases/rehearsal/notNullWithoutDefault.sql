--- before
create table users (id int primary key);
insert into users values (1);
--- migration
    alter table users add column email text not null;
--                               ^^^^^ error 23502 column "email" of relation "users" contains null values
