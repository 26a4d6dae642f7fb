--- before
create table "Odd Näme" (id int primary key, "Straße" text);
create table child (id int primary key, parent int references "Odd Näme");
create view v as select id, "Straße" from "Odd Näme";
--- migration
alter table "Odd Näme" drop column "Strasse";
alter table "Odd Näme" drop column "Straße";
drop table "Odd Näme";
alter table child add constraint fk foreign key (parant) references "Odd Näme" (id);
alter table child alter column id type text using id::text, add column parent int;
create index on child (parentt);
alter table child add constraint fk2 foreign key (parent) references "Odd Näme" ("Straße");
create unique index child_pkey on child (id);
create table public.child (id int);
drop function nowhere.f(int);
