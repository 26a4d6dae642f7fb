/** Databases of a given size: rows of some two hundred bytes that gzip halves, in a few tables with two indexes each. */
import type { DiskServer } from './diskServer';

const tables = 4;
const rowsAtOnce = 40_000;

/** @returns its name */
export async function filled(server: DiskServer, megabytes: number): Promise<string> {
  const name = `filled_${megabytes}`;
  await server.sql(`create database ${name}`);
  for (let n = 0; n < tables; n++)
    await server.sql(
      `create table item_${n} (id bigint primary key, customer int not null, note text, changed timestamptz not null);
       create index on item_${n} (customer)`,
      name,
    );
  for (let rows = 0; (await megabytesOf(server, name)) < megabytes; rows += rowsAtOnce)
    for (let n = 0; n < tables; n++)
      await server.sql(
        `insert into item_${n} select id, id % 10007, md5(id::text) || md5((id + 1)::text) || md5((id + 2)::text), now()
         from generate_series(${rows + 1}, ${rows + rowsAtOnce}) id`,
        name,
      );
  await server.sql('vacuum analyze', name);
  await server.sql('checkpoint');
  return name;
}

/** A database that has been made for the measurement is gone, whoever may be in it. */
export async function dropped(server: DiskServer, name: string): Promise<void> {
  await server.sql(`drop database if exists "${name}" with (force)`);
  // What a drop leaves to do is no part of what is measured next.
  await server.sql('checkpoint');
}

export async function megabytesOf(server: DiskServer, database: string): Promise<number> {
  const [row] = await server.sql<{ bytes: number }>(`select pg_database_size('${database}')::float8 as bytes`);
  return (row?.bytes ?? 0) / 1_048_576;
}
