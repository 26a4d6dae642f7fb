--- migration
select 1;
select pg_sleep(60);
^^^^^^^^^^^^^^^^^^^ warning 57014 canceling statement due to statement timeout
select nope;
--     ^^^^ error 42703 column "nope" does not exist
