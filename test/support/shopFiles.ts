/** A small history for tests of the command line: three good migrations of dbmate, and one with a mistake. */

export const folder = 'db/migrations';
export const versions = ['20260101000001', '20260101000002', '20260101000003', '20260101000004'] as const;

const names = ['users', 'orders', 'order_totals', 'coupons'] as const;

/** Path of a migration in the workspace. */
export const fileOf = (index: 0 | 1 | 2 | 3): string => `${folder}/${versions[index]}_${names[index]}.sql`;

export const good: Readonly<Record<string, string>> = {
  [fileOf(0)]: `-- migrate:up
create table users (id bigint generated always as identity primary key, email text not null unique);

-- migrate:down
drop table users;
`,
  [fileOf(1)]: `-- migrate:up
create table orders (
  id bigint generated always as identity primary key,
  user_id bigint not null references users (id)
);
create index orders_user on orders (user_id);

-- migrate:down
drop table orders;
`,
  [fileOf(2)]: `-- migrate:up
alter table orders add column total numeric(12, 2) not null default 0;
create view spenders as select user_id, sum(total) as total from orders group by user_id;

-- migrate:down
drop view spenders;
alter table orders drop column total;
`,
};

/** A table that is not there, and two statements that need what the refused one would have made. */
export const mistaken = `-- migrate:up
create table coupons (id int primary key, order_id bigint references 😀order (id));
create index coupons_order on coupons (order_id);
alter table users add column vip boolean not null default false;

-- migrate:down
drop table coupons;
alter table users drop column vip;
`;

export const withMistake: Readonly<Record<string, string>> = { ...good, [fileOf(3)]: mistaken };
