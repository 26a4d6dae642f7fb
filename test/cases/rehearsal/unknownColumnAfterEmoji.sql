--- before
create table users (id int primary key, name text);
--- migration
select '👩‍👩‍👧 🎉', u.nmae from users u;
--                    ^^^^^^ error 42703 column u.nmae does not exist
select '👩‍👩‍👧', id from users where naem = 'é';
--                                     ^^^^ error 42703 column "naem" does not exist
