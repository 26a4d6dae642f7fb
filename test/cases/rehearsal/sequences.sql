--- one
create table roles (id serial primary key, name text);
create table users (id int primary key, role int references roles);
--- two
insert into roles (name) values ('admin'), ('user');
insert into users values (1, 1), (2, 2);
insert into users values (3, 3);
--          ^^^^^ error 23503 insert or update on table "users" violates foreign key constraint "users_role_fkey"
select setval('roles_id_seq', 10, false);
insert into roles (name) values ('ten');
insert into users values (10, 10);
select currval('users_id_seq');
--             ^^^^^^^^^^^^^^ error 42P01 relation "users_id_seq" does not exist
