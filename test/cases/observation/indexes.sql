--- before
create schema app;
create table app.events (id int primary key, at date, kind text);
insert into app.events select g, '2026-01-01', 'k' from generate_series(1, 50) g;
create index events_kind on app.events (kind);
--- migration
set search_path = app, public;
create index events_at on events (at);
^^^^^^ lock ACCESS EXCLUSIVE index app.events_at (unseen)
^^^^^^ lock SHARE table app.events
^^^^^^ scan app.events 50
^^^^^^ created index app.events_at
create unique index on events (id, at);
^^^^^^ lock ACCESS EXCLUSIVE index app.events_id_at_idx (unseen)
^^^^^^ lock SHARE table app.events (held)
^^^^^^ scan app.events 50
^^^^^^ created index app.events_id_at_idx
drop index events_kind;
^^^^ lock ACCESS EXCLUSIVE table app.events
^^^^ lock ACCESS EXCLUSIVE index app.events_kind
^^^^ dropped index app.events_kind
reindex table app.events;
^^^^^^^ lock ACCESS EXCLUSIVE index app.events_pkey
^^^^^^^ lock SHARE table app.events (held)
^^^^^^^ rewrite index app.events_pkey
^^^^^^^ scan app.events 150
drop index app.events_at;
^^^^ lock ACCESS EXCLUSIVE table app.events (held)
^^^^ lock ACCESS EXCLUSIVE index app.events_at (held) (unseen)
^^^^ dropped index app.events_at
lock table events in share mode;
^^^^ lock SHARE table app.events (held)
create index events_kind on events (kind);
^^^^^^ lock ACCESS EXCLUSIVE index app.events_kind (unseen)
^^^^^^ lock SHARE table app.events (held)
^^^^^^ scan app.events 50
^^^^^^ created index app.events_kind
