-- migrate:up
create extension if not exists pg_trgm;

alter table products add column search tsvector generated always as (
  setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', description), 'B')
) stored;

create index products_search on products using gin (search);
create index products_name_similar on products using gin (name gin_trgm_ops);

create function search_products(words text, most int default 20)
returns table (id bigint, name text, rank real)
language sql stable as $$
  select p.id, p.name, ts_rank(p.search, q)
  from products p, websearch_to_tsquery('english', words) q
  where p.search @@ q and p.published_at <= now()
  order by 3 desc, p.name
  limit most
$$;

-- migrate:down
drop function search_products(text, int);
drop index products_name_similar;
alter table products drop column search;
drop extension pg_trgm;
