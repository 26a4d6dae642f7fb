--- before
create table users (id int primary key, name text);
--- migration
select '👩‍👩‍👧 🎉', u.nmae from users u;
select '👩‍👩‍👧', id from users where naem = 'é';
