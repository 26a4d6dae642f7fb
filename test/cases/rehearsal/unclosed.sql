--- one implicit
begin;
^^^^^ warning unclosed-transaction The script does not end this transaction: nothing that follows is kept.
create table t (id int);
--- two implicit
begin;
create table u (id int);
commit and chain;
^^^^^^^^^^^^^^^^ warning unclosed-transaction The script does not end this transaction: nothing that follows is kept.
create table v (id int);
--- three statements
start transaction;
^^^^^^^^^^^^^^^^^ warning unclosed-transaction The script does not end this transaction: nothing that follows is kept.
create table t (id int);
--- four
begin;
create table w (id int);
--- five
select * from w, u;
select * from v;
select * from t;
--            ^ error 42P01 relation "t" does not exist
