--- before
create table parents (id int primary key);
create table children (id int primary key, parent_id int references parents on delete cascade);
create table log (what text);
create function log() returns trigger language plpgsql as 'begin insert into log values (tg_op); return null; end';
create trigger log after insert on parents for each row execute function log();
insert into parents select generate_series(1, 20);
insert into children select g, 1 + g % 20 from generate_series(1, 40) g;
--- migration
insert into parents select generate_series(21, 25);
^^^^^^ lock ROW EXCLUSIVE table public.log
^^^^^^ lock ROW EXCLUSIVE table public.parents
^^^^^^ rows public.log +5 ~0 -0
^^^^^^ rows public.parents +5 ~0 -0
update children set parent_id = 2 where id < 4;
^^^^^^ lock ROW EXCLUSIVE table public.children
^^^^^^ lock ROW EXCLUSIVE index public.children_pkey
^^^^^^ lock ROW SHARE table public.parents
^^^^^^ lock ROW SHARE index public.parents_pkey
^^^^^^ read public.children 3
^^^^^^ rows public.children +0 ~3 -0
delete from parents where id = 1;
^^^^^^ lock ROW EXCLUSIVE table public.children (held)
^^^^^^ lock ROW EXCLUSIVE table public.parents (held)
^^^^^^ lock ROW EXCLUSIVE index public.parents_pkey
^^^^^^ scan public.children 40
^^^^^^ rows public.children +0 ~0 -2
^^^^^^ rows public.parents +0 ~0 -1
truncate log;
^^^^^^^^ lock ACCESS EXCLUSIVE table public.log
^^^^^^^^ lock SHARE table public.log
^^^^^^^^ rewrite table public.log
do $$ begin
^^ lock ROW EXCLUSIVE table public.log (held)
^^ rows public.log +2 ~0 -0
^^ notice two
  insert into log values ('a'), ('b');
  raise notice 'two';
end $$;
create table copies as select * from children;
^^^^^^ lock ACCESS EXCLUSIVE table public.copies (unseen)
^^^^^^ lock ACCESS SHARE table public.children
^^^^^^ lock ACCESS SHARE index public.children_pkey
^^^^^^ scan public.children 38
^^^^^^ rows public.copies +38 ~0 -0 (unseen)
^^^^^^ created table public.copies
create index on copies (id);
^^^^^^ lock ACCESS EXCLUSIVE index public.copies_id_idx (unseen)
^^^^^^ lock SHARE table public.copies (unseen)
^^^^^^ scan public.copies 38 (unseen)
^^^^^^ created index public.copies_id_idx
