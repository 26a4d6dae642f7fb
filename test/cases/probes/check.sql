--- schema
create table items (id int, price int, quantity int);
create table kinds (id int, "Check" text);
create table child () inherits (items);
alter table items add constraint later check (price < 100) not valid;
create function positive(n int) returns boolean language sql immutable as 'select n > 0';
create function app_total(price int, quantity int) returns int language plpgsql immutable as 'begin return price * quantity; end';
--- rows
insert into items values (1, 10, 1), (2, -5, null), (3, null, 3), (4, 0, 0);
insert into child values (5, -7, 2);
insert into kinds values (1, 'x''y'), (2, null);
alter table items drop constraint later;
insert into items values (6, 100, 9);
alter table items add constraint later check (price < 100) not valid;
--- some
alter table items add check (price >= 0);
--          ^^^^^ 23514 2 rows of items break items_price_check (check constraint "items_price_check" of relation "items" is violated by some row)
--- named
alter table items add constraint cheap check (price < 50);
--                               ^^^^^ 23514 1 row of items breaks cheap (check constraint "cheap" of relation "items" is violated by some row)
--- null passes
alter table items add check (quantity < 10);
--- two columns
alter table items add check (price * quantity >= 0);
--          ^^^^^ 23514 1 row of items breaks items_check (check constraint "items_check" of relation "items" is violated by some row)
--- quoted
alter table kinds add check ("Check" <> 'x''y');
--          ^^^^^ 23514 1 row of kinds breaks kinds_Check_check (check constraint "kinds_Check_check" of relation "kinds" is violated by some row)
--- it raises
alter table items add check (10 / price > -100);
--          ^^^^^ 22012 1 row of items breaks items_price_check (division by zero)
--- function of the project, unknown
alter table items add check (positive(price));
--- another one, unknown
alter table items add check (app_total(price, quantity) >= 0);
--- not valid
alter table items add check (price >= 0) not valid;
--- not valid, then validated
alter table items add constraint good check (price >= 0) not valid;
alter table items validate constraint good;
--                                    ^^^^ 23514 2 rows of items break good (check constraint "good" of relation "items" is violated by some row)
--- validated
alter table items validate constraint later;
--                                    ^^^^^ 23514 1 row of items breaks later (check constraint "later" of relation "items" is violated by some row)
--- not inherited
alter table items add constraint here check (price > -7) no inherit;
--- whole row
alter table kinds add check (kinds is not null);
--          ^^^^^ 23514 1 row of kinds breaks kinds_check (check constraint "kinds_check" of relation "kinds" is violated by some row)
--- with a new column
alter table items add column discount int default 5 check (discount < 5);
--          ^^^^^ 23514 6 rows of items break items_discount_check (check constraint "items_discount_check" of relation "items" is violated by some row)
--- with a new column that is null
alter table items add column discount int check (discount < 5);
--- of a new column and an old one
alter table items add column discount int default 5, add check (price >= discount);
--          ^^^^^ 23514 3 rows of items break items_check (check constraint "items_check" of relation "items" is violated by some row)
--- a function that was made just now, unknown
create or replace function positive(n int) returns boolean language sql immutable as 'select n > -100';
alter table items add check (positive(price));
--- several
alter table items add check (price >= 0), add check (quantity >= 1), add constraint few check (quantity < 1000);
--          ^^^^^ 23514 2 rows of items break items_price_check (check constraint "items_price_check" of relation "items" is violated by some row)
--          ^^^^^ 23514 1 row of items breaks items_quantity_check (check constraint "items_quantity_check" of relation "items" is violated by some row)
