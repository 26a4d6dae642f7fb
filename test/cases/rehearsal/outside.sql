--- migration
copy (select 1) to program 'touch /tmp/rehearsal_was_here';
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it starts a program on the database server (COPY … PROGRAM). It runs when the migration is applied.
select pg_read_file('/etc/passwd');
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it reads files of the database server (pg_read_file). It runs when the migration is applied.
do $$ begin execute 'copy (select 1) to program ''true'''; end $$;
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it starts a program on the database server (COPY … PROGRAM). It runs when the migration is applied.
create function evil() returns void language plpgsql as $$ begin perform pg_read_file('x'); end $$;
select evil();
^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses evil, which reads files of the database server (pg_read_file). It runs when the migration is applied.
create role rehearsal_case_role;
grant select on pg_class to rehearsal_case_role;
