--- before
create table ledger (id int, at date, amount int) partition by range (at);
create table ledger_1 partition of ledger for values from ('2026-01-01') to ('2027-01-01');
create table ledger_2 partition of ledger for values from ('2027-01-01') to ('2028-01-01');
insert into ledger select g, '2026-02-01', g from generate_series(1, 30) g;
--- migration
alter table ledger add column note text;
^^^^^ lock ACCESS EXCLUSIVE table public.ledger
^^^^^ lock ACCESS EXCLUSIVE table public.ledger_1
^^^^^ lock ACCESS EXCLUSIVE table public.ledger_2
^^^^^ altered table public.ledger
^^^^^ invalidated prepared statements public.ledger
alter table ledger alter column amount set not null;
^^^^^ lock ACCESS EXCLUSIVE table public.ledger (held)
^^^^^ lock ACCESS EXCLUSIVE table public.ledger_1 (held)
^^^^^ lock ACCESS EXCLUSIVE table public.ledger_2 (held)
^^^^^ scan public.ledger_1 30
^^^^^ scan public.ledger_2 0
^^^^^ altered table public.ledger
create table ledger_3 partition of ledger for values from ('2028-01-01') to ('2029-01-01');
^^^^^^ lock ACCESS EXCLUSIVE table public.ledger (held)
^^^^^^ lock ACCESS EXCLUSIVE table public.ledger_3 (unseen)
^^^^^^ created table public.ledger_3
update ledger set note = 'x' where id < 5;
^^^^^^ lock ROW EXCLUSIVE table public.ledger
^^^^^^ lock ROW EXCLUSIVE table public.ledger_1
^^^^^^ lock ROW EXCLUSIVE table public.ledger_2
^^^^^^ lock ROW EXCLUSIVE table public.ledger_3 (unseen)
^^^^^^ lock ACCESS SHARE table public.ledger
^^^^^^ scan public.ledger_1 30
^^^^^^ scan public.ledger_2 0
^^^^^^ scan public.ledger_3 0 (unseen)
^^^^^^ rows public.ledger_1 +0 ~4 -0
alter table ledger detach partition ledger_2;
^^^^^ lock ACCESS EXCLUSIVE table public.ledger (held)
^^^^^ lock ACCESS EXCLUSIVE table public.ledger_2 (held)
^^^^^ altered table public.ledger
