-- migrate:up
create table categories (
  id int generated always as identity primary key,
  parent_id int references categories (id) on delete restrict,
  slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  name text not null,
  position smallint not null default 0,
  check (parent_id <> id)
);

create index categories_parent on categories (parent_id, position);

create table products (
  id bigint generated always as identity primary key,
  slug text not null unique,
  name text not null,
  description text not null default '',
  attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  published_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create trigger products_touch before update on products
  for each row execute function touch_updated_at();

create table product_categories (
  product_id bigint not null references products (id) on delete cascade,
  category_id int not null references categories (id) on delete cascade,
  primary key (product_id, category_id)
);

create index product_categories_category on product_categories (category_id);
create index products_attributes on products using gin (attributes jsonb_path_ops);
create index products_published on products (published_at desc) where published_at is not null;

comment on column products.attributes is 'What the shop shows in the table of details: {"material": "wool", "weight_g": 240}';

-- migrate:down
drop table product_categories;
drop table products;
drop table categories;
