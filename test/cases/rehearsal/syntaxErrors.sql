--- migration
create table t (id int,);
--                     ^ error 42601 syntax error at or near ")"
create table u (id int
--                 ^^^ error 42601 syntax error at end of input
--- two
selct 1;
^^^^^ error 42601 syntax error at or near "selct"
select 'open;
--     ^^^^^^ error 42601 unterminated quoted string at or near "'open;\n"
