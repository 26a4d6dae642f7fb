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
--- block
do $$ begin
^^^^^^^^^^^ information not-rehearsed Not rehearsed: it reads files of the database server (pg_read_file). It runs when the migration is applied.
  if false then perform pg_read_file(path) from pathss; end if;
--                                              ^^^^^^ warning 42P01 relation "pathss" does not exist
end $$;
--- misspelt
alter functino pg_catalog.lo_import(text) owner to postgres;
--    ^^^^^^^^ error 42601 syntax error at or near "functino"
select pg_read_file(path) from pathss;
--                             ^^^^^^ error 42P01 relation "pathss" does not exist
copy (select 1) to program 'true' wth (format csv);
--                                ^^^ error 42601 syntax error at or near "wth"
