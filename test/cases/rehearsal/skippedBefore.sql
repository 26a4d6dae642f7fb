-- What is refused only because a statement was not rehearsed is no error, however many migrations later. What is refused for another reason stays one.
--- one
create tablespace fast location '/somewhere';
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ information not-rehearsed Not rehearsed: it uses a folder of the database server (CREATE TABLESPACE). It runs when the migration is applied.
create table kept (id int nope);
--                        ^^^^ error 42601 syntax error at or near "nope"
--- two
create table t (id int) tablespace fast;
--                                 ^^^^ hint 42704 tablespace "fast" does not exist (follows from one)
insert into kept values (1);
--          ^^^^ error 42P01 relation "kept" does not exist (follows from one)
--- three
insert into t values (1);
--          ^ hint 42P01 relation "t" does not exist (follows from two)
