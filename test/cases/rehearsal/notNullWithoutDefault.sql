--- before
create table users (id int primary key);
insert into users values (1);
--- migration
    alter table users add column email text not null;
--                               ^^^^^ error 23502 column "email" of relation "users" contains null values
--- anew
create table moved (id int primary key, kind text);
insert into moved values (1, 'a');
alter table moved drop column kind, add column kind int not null;
--                                             ^^^^ error 23502 column "kind" of relation "moved" contains null values
alter table moved alter column kind type text, add if not exists more int not null;
--                                                               ^^^^ error 23502 column "more" of relation "moved" contains null values
