/** History of plain numbered files: a table of our own in a schema of our own, so that nothing of the user's is touched. */
import { sha256 } from '../base/digest';
import { withoutMark } from '../base/text';
import type { Session } from '../database/session';
import { withAdvisoryLocks } from './advisoryLock';
import type { History, HistoryState, HistoryStep } from './history';
import { ownLockId } from './ownLock';
import { hasTable, labelOf, makeSchema, quoted, type Shape, type TableName } from './table';

export function numberedHistory(): History {
  return {
    layout: 'numbered',
    read,
    ofNothing: () => stateOf(undefined),
    withLock: (session, waitMs, use) =>
      withAdvisoryLocks(session, [ownLockId('numbered', labelOf(table))], waitMs, async () => {
        if (!(await hasTable(session, table, shape))) await makeTable(session);
        return use();
      }),
    recorded: () => Promise.resolve(`select version from ${quoted(table)}`),
    after: record,
  };
}

/**
 * sha256 of the up file, as hexadecimal digits. The same for all line ends and without the byte order mark, so that a
 * checkout on Windows has not been edited.
 */
export const checksumOf = (text: string): string => sha256(withoutMark(text).replaceAll('\r\n', '\n'));

const table: TableName = { schema: 'rehearsal', name: 'migrations' };

const shape: Shape = {
  tool: 'Rehearsal',
  columns: { version: 'text', name: 'text', checksum: 'text', applied_at: 'timestamp with time zone', ms: 'bigint' },
  elsewhere: 'Rename that table: Rehearsal keeps the history of plain numbered files under this name.',
};

async function makeTable(session: Session): Promise<void> {
  await makeSchema(session, table.schema);
  await session.rows(
    `create table if not exists ${quoted(table)} (
      version text primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now(),
      ms bigint
    )`,
  );
}

async function read(session: Session): Promise<HistoryState> {
  const exists = await hasTable(session, table, shape);
  const rows = exists
    ? await session.rows<{ version: string; checksum: string }>(
        `select version, checksum from ${quoted(table)} where version is not null order by pg_catalog.length(version), version collate "C"`,
      )
    : undefined;
  return stateOf(rows);
}

/** @param found rows of the table, when it is there */
function stateOf(found: readonly { readonly version: string; readonly checksum: string }[] | undefined): HistoryState {
  const rows = found ?? [];
  const checksums = new Map(rows.map(({ version, checksum }) => [version, checksum]));
  return {
    table: labelOf(table),
    exists: found !== undefined,
    applied: ({ version }) => (checksums.has(version) ? 'applied' : 'pending'),
    edited: {
      has({ version }, upText) {
        const checksum = checksums.get(version);
        return checksum !== undefined && checksum !== checksumOf(upText);
      },
    },
    versions: rows.map(({ version }) => version),
    skipsOlder: false,
    needsFiles: 'none',
  };
}

async function record(session: Session, { migration, script, upText, ms }: HistoryStep): Promise<void> {
  const { version, title } = migration;
  if (script.direction === 'down') {
    await session.rows(`delete from ${quoted(table)} where version = $1`, [version]);
    return;
  }
  await session.rows(`insert into ${quoted(table)} (version, name, checksum, ms) values ($1, $2, $3, $4)`, [
    version,
    title,
    checksumOf(upText),
    ms === undefined ? null : Math.round(ms),
  ]);
}
