--- before
create table items (id int primary key, owner_id int);
create table owners (id int primary key);
create table log (what text);
insert into owners select generate_series(1, 5);
insert into items select g, 1 + g % 5 from generate_series(1, 30) g;
alter table items add constraint items_owner foreign key (owner_id) references owners not valid;
create function tried() returns int language plpgsql as
  'begin begin perform count(*) from items where owner_id + 0 > 0; raise exception ''no''; exception when others then return 1; end; end';
create function emptied() returns int language plpgsql as
  'begin insert into log values (''a''), (''b''); truncate log; insert into log values (''c''); return 1; end';
create function looked(int) returns int immutable language plpgsql as
  'begin return (select count(*) from public.log where what <> ''''); end';
--- migration
-- What a block has taken back is nobody's, and not what the next one reads.
select tried();
alter table items alter column owner_id set not null;
^^^^^ lock ACCESS EXCLUSIVE table public.items
^^^^^ scan public.items 30
^^^^^ altered table public.items
select emptied();
^^^^^^ lock ACCESS EXCLUSIVE table public.log
^^^^^^ lock SHARE table public.log
^^^^^^ lock ROW EXCLUSIVE table public.log
^^^^^^ rewrite table public.log
^^^^^^ rows public.log +1 ~0 -0
insert into log values ('d');
^^^^^^ lock ROW EXCLUSIVE table public.log (held)
^^^^^^ rows public.log +1 ~0 -0
truncate log;
^^^^^^^^ lock ACCESS EXCLUSIVE table public.log (held)
^^^^^^^^ rewrite table public.log
insert into log values ('e'), ('f');
^^^^^^ lock ROW EXCLUSIVE table public.log (held)
^^^^^^ rows public.log +2 ~0 -0
-- It reads the other table, too.
alter table items validate constraint items_owner;
^^^^^ lock SHARE UPDATE EXCLUSIVE table public.items
^^^^^ lock ROW SHARE table public.owners
^^^^^ lock ACCESS SHARE table public.items
^^^^^ lock ACCESS SHARE index public.items_pkey
^^^^^ lock ACCESS SHARE table public.owners
^^^^^ lock ACCESS SHARE index public.owners_pkey
^^^^^ scan public.items 30
^^^^^ altered table public.items
alter table owners add check (id > 0);
^^^^^ lock ACCESS EXCLUSIVE table public.owners
^^^^^ scan public.owners 5
^^^^^ altered table public.owners
-- So does the function of an index.
create index on items (looked(id));
^^^^^^ lock ACCESS EXCLUSIVE index public.items_looked_idx (unseen)
^^^^^^ lock SHARE table public.items
^^^^^^ scan public.items 30
^^^^^^ created index public.items_looked_idx
alter table log add check (what <> 'x');
^^^^^ lock ACCESS EXCLUSIVE table public.log (held)
^^^^^ scan public.log 2
^^^^^ altered table public.log
alter table items alter column owner_id type bigint;
^^^^^ lock ACCESS EXCLUSIVE table public.items (held)
^^^^^ lock ACCESS EXCLUSIVE index public.items_pkey
^^^^^ rewrite index public.items_pkey
^^^^^ rewrite table public.items
^^^^^ scan public.items 120
^^^^^ altered table public.items
^^^^^ invalidated prepared statements public.items
^^^^^ mayBreak function public.tried()
update owners set id = id where id + 0 > 3;
^^^^^^ lock ROW EXCLUSIVE table public.owners
^^^^^^ lock ROW EXCLUSIVE index public.owners_pkey
^^^^^^ scan public.owners 5
^^^^^^ rows public.owners +0 ~2 -0
