--- migration
copy (select 1) to program 'touch /tmp/rehearsal_was_here';
select pg_read_file('/etc/passwd');
do $$ begin execute 'copy (select 1) to program ''true'''; end $$;
create function evil() returns void language plpgsql as $$ begin perform pg_read_file('x'); end $$;
select evil();
create role rehearsal_case_role;
grant select on pg_class to rehearsal_case_role;
