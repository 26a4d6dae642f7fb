--- before
create table roles (id int primary key, name text not null);
create table users (id int primary key, role int references roles);
--- migration
insert into roles (id) values (1);
--          ^^^^^ error 23502 null value in column "name" of relation "roles" violates not-null constraint
insert into users values (1, 1);
--          ^^^^^ hint 23503 insert or update on table "users" violates foreign key constraint "users_role_fkey" (follows from migration)
insert into users values (2, 7);
--          ^^^^^ hint 23503 insert or update on table "users" violates foreign key constraint "users_role_fkey" (follows from migration)
