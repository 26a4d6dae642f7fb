/**
 * graphile-migrate's history: a row for each committed migration, in a chain of hashes, and the text of the current one
 * as it was run last.
 *
 * Facts from graphile/migrate 2.0.0-rc.3: src/migration.ts, src/currentRunner.ts, src/pgReal.ts. The tool gives up at
 * once when somebody else has the lock; here it is waited for.
 */
import { Fault } from '../base/fault';
import { withoutMark } from '../base/text';
import { sentOf } from '../sql/places';
import type { Session } from '../database/session';
import { compiled } from '../layouts/graphileMigrateCompile';
import type { GraphileMigrateConfig } from '../layouts/graphileMigrateConfig';
import { headOf, linkOf } from '../layouts/graphileMigrateHeader';
import { withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState, HistoryStep } from './history';
import { hasTable, inTransaction, labelOf, quoted, type Shape, type TableName } from './table';

export function graphileMigrateHistory(config: GraphileMigrateConfig): History {
  return {
    layout: 'graphile-migrate',
    read,
    ofNothing: () => stateOf(undefined),
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [lockId], waitMs, async () => {
        await prepareTables(session, config);
        return use();
      }),
    // The former current migration counts as taken back before the next one is run.
    async before(session, { migration: { version } }) {
      if (version === 'current' || isFirstPart(version))
        await session.rows(`delete from ${quoted(current)} where filename = 'current.sql'`);
    },
    async after(session, step) {
      if (!isCurrent(step)) await record(session, step);
    },
    async committed(session, step) {
      if (isCurrent(step)) await recordCurrent(session, step, config);
    },
  };
}

/** `GRAPHILE MIGRATE` on the keys of a phone. */
const lockId = 4_727_445_306_447_283n;

const migrations: TableName = { schema: 'graphile_migrate', name: 'migrations' };
const current: TableName = { schema: 'graphile_migrate', name: 'current' };

const elsewhere = 'Rename that table: graphile-migrate keeps its history under this name.';

const shape: Shape = {
  tool: 'graphile-migrate',
  columns: { hash: 'text', previous_hash: 'text', filename: 'text', date: 'timestamp with time zone' },
  elsewhere,
};

const shapeOfCurrent: Shape = {
  tool: 'graphile-migrate',
  columns: { filename: 'text', content: 'text', date: 'timestamp with time zone' },
  elsewhere,
};

const isCurrent = ({ migration: { version } }: HistoryStep): boolean =>
  version === 'current' || version.startsWith('current/');

/** In the files of `current/` the tool sees one text; here they are run one after the other. */
const isFirstPart = (version: string): boolean => /^current\/0*1$/.test(version);

/** @throws {Fault} `blocked` when the tool is told that others make its tables, and nobody has */
async function prepareTables(session: Session, { makesTables }: GraphileMigrateConfig): Promise<void> {
  const both = (await hasTable(session, migrations, shape)) && (await hasTable(session, current, shapeOfCurrent));
  if (both) return;
  if (!makesTables)
    throw new Fault(
      'blocked',
      `manageGraphileMigrateSchema is false in .gmrc, and ${labelOf(migrations)} or ${labelOf(current)} is not there.`,
    );
  await inTransaction(session, async () => {
    await session.rows('create schema if not exists graphile_migrate');
    await session.rows(`
      create table if not exists ${quoted(migrations)} (
        hash text primary key,
        previous_hash text references ${quoted(migrations)},
        filename text not null,
        date timestamptz not null default now()
      )`);
    await session.rows(`
      create table if not exists ${quoted(current)} (
        filename text primary key default 'current.sql',
        content text not null,
        date timestamptz not null default now()
      )`);
  });
}

interface Row {
  readonly hash: string;
  readonly filename: string;
}

async function read(session: Session): Promise<HistoryState> {
  const exists = await hasTable(session, migrations, shape);
  const rows = exists
    ? await session.rows<Row>(
        `select hash, filename from ${quoted(migrations)} where filename is not null order by filename desc`,
      )
    : undefined;
  return stateOf(rows);
}

/** @param rows the last one first, as the server orders names; undefined without a table */
function stateOf(rows: readonly Row[] | undefined): HistoryState {
  const hashes = new Map(rows?.map(({ filename, hash }) => [filename, hash]));
  const last = rows?.[0]?.filename;
  return {
    table: labelOf(migrations),
    exists: rows !== undefined,
    applied({ version }) {
      if (version === 'current' || version.startsWith('current/')) return 'pending';
      const filename = `${version}.sql`;
      if (hashes.has(filename)) return 'applied';
      // Whatever is not behind the last one is never looked at.
      return last !== undefined && filename <= last ? 'skipped' : 'pending';
    },
    edited: {
      has({ version }, upText) {
        const [link, hash] = [linkOf(upText), hashes.get(`${version}.sql`)];
        if (hash === undefined) return false;
        return !link || hash !== link.hash || (!link.allowsAnyHash && link.computed !== hash);
      },
    },
    versions: (rows ?? []).map(({ filename }) => filename.replace(/\.sql$/, '')).toReversed(),
    skipsOlder: true,
    needsFiles: 'none',
  };
}

async function record(session: Session, { migration, upText }: HistoryStep): Promise<void> {
  const link = linkOf(upText);
  if (!link) throw new Fault('bad-migration', `${migration.version} has no head that says its hash.`);
  await session.rows(`insert into ${quoted(migrations)} (hash, previous_hash, filename) values ($1, $2, $3)`, [
    link.hash,
    link.previous ?? null,
    `${migration.version}.sql`,
  ]);
}

async function recordCurrent(
  session: Session,
  { migration: { version, upPath = '' }, upText, read: beside }: HistoryStep,
  config: GraphileMigrateConfig,
): Promise<void> {
  const isPart = version !== 'current';
  const text = withoutMark(upText);
  const range = isPart ? headOf(text).body : { start: 0, end: text.length };
  const sql = sentOf(text, range, compiled(text, range, config, { read: beside }).replaced);
  const content = isPart ? `--! split: ${upPath.replace(/.*[/\\]/, '')}\n${sql}\n` : sql;
  await session.rows(
    `insert into ${quoted(current)} (content) values ($1)
      on conflict (filename) do update set content = ${isPart ? `current.content || E'\\n' || ` : ''}excluded.content, date = excluded.date`,
    [content],
  );
}
