/**
 * Liquibase's history: a row for each changeset, told apart by id, author and file.
 *
 * Facts from liquibase/liquibase (2026-08): changelog/StandardChangeLogHistoryService.java,
 * sqlgenerator/core/MarkChangeSetRanGenerator.java, RemoveChangeSetRanStatusGenerator.java.
 */
import { withoutMark } from '../base/text';
import type { Session } from '../database/session';
import { changesetsIn, isChangelog } from '../layouts/liquibaseChangelog';
import { type LiquibaseConfig, liquibaseConfig } from '../layouts/liquibaseConfig';
import { changesetChecksum } from './liquibaseChecksum';
import { attributeIn, type Changeset, readChangesets } from '../layouts/liquibaseFile';
import { contextIn, type LiquibaseCall, liquibaseCall } from '../layouts/liquibaseCall';
import { partOf, propertiesFor } from '../layouts/liquibaseReader';
import type { ToolSettings } from '../layouts/layout';
import type { History, HistoryState, HistoryStep, PartStates } from './history';
import { withLiquibaseLock } from './liquibaseLock';
import { decisionOn } from './liquibasePreconditions';
import { LiquibaseRows, type LiquibaseRow, normalPath } from './liquibaseRows';
import { currentSchema, hasTable, labelOf, quoted, type Shape, type TableName } from './table';

export interface LiquibaseOptions extends Pick<LiquibaseConfig, 'table' | 'lockTable' | 'schema'>, LiquibaseCall {}

export const liquibaseOptions = (settings: ToolSettings): LiquibaseOptions => ({
  ...liquibaseConfig(settings.read, settings.environment),
  ...liquibaseCall(settings),
});

export function liquibaseHistory(config: LiquibaseOptions): History {
  const places = new WeakMap<Session, string>();
  const runs = new WeakMap<Session, Run>();
  const placeOf = async (session: Session, name: string): Promise<TableName> => {
    const schema = config.schema ?? places.get(session) ?? (await currentSchema(session)) ?? 'public';
    places.set(session, schema);
    return { schema, name };
  };
  return {
    layout: 'liquibase',
    read: async (session) => read(session, await placeOf(session, config.table), config),
    ofNothing: () => stateOf({ schema: config.schema ?? 'public', name: config.table }, undefined, config),
    async withLock(session, waitMs, use) {
      const table = await placeOf(session, config.table);
      return withLiquibaseLock(session, await placeOf(session, config.lockTable), waitMs, async () => {
        if (!(await hasTable(session, table, shape))) await session.rows(tableOf(table));
        const deployment = String(Date.now()).slice(-10);
        runs.set(session, { table, rows: await rowsIn(session, table), deployment });
        return use();
      });
    },
    async decides(session, step) {
      const changeset = step.script.direction === 'up' ? changesetOf(step) : undefined;
      return changeset ? decisionOn(session, changeset) : 'run';
    },
    async after(session, step) {
      const changeset = changesetOf(step);
      if (!changeset) return;
      const run = runs.get(session);
      if (!run) throw new Error('a changeset is recorded without the lock');
      if (step.script.direction === 'down') await forget(session, run, changeset, step);
      else await record(session, run, changeset, { step, config });
    },
  };
}

const shape: Shape = {
  tool: 'Liquibase',
  columns: {
    id: 'character varying',
    author: 'character varying',
    filename: 'character varying',
    orderexecuted: 'integer',
    exectype: 'character varying',
    md5sum: 'character varying',
  },
  elsewhere: 'Name another table with databaseChangelogTableName.',
};

const tableOf = (table: TableName): string => `create table ${quoted(table)} (
    id varchar(255) not null,
    author varchar(255) not null,
    filename varchar(255) not null,
    dateexecuted timestamp without time zone not null,
    orderexecuted integer not null,
    exectype varchar(10) not null,
    md5sum varchar(35),
    description varchar(255),
    comments varchar(255),
    tag varchar(255),
    liquibase varchar(20),
    contexts varchar(255),
    labels varchar(255),
    deployment_id varchar(10)
  )`;

const changesetOf = ({ upText, part }: HistoryStep): Changeset | undefined =>
  readChangesets(withoutMark(upText)).changesets.find((it) => partOf(it) === part);

/** What is done under one lock: nobody else writes into the table meanwhile. */
interface Run {
  readonly table: TableName;
  /** As they are by now. */
  readonly rows: LiquibaseRows;
  readonly deployment: string;
}

interface Recording {
  readonly step: HistoryStep;
  readonly config: LiquibaseOptions;
}

/** A changeset that ran before keeps its row. */
async function record(
  session: Session,
  { table, rows, deployment }: Run,
  changeset: Changeset,
  { step, config }: Recording,
): Promise<void> {
  const file = fileIn(rows, changeset, step);
  const { id, author, line, comment } = changeset;
  const text = withoutMark(step.upText);
  const properties = propertiesFor(text, readChangesets(text), config.properties);
  const md5sum = changesetChecksum(text, changeset, properties);
  const ran = rows.of(file, changeset) !== undefined;
  const exectype = step.notRun ? 'MARK_RAN' : ran ? 'RERAN' : 'EXECUTED';
  const values = [
    id,
    author,
    file,
    md5sum,
    comment.trim().slice(0, 250),
    contextsIn(line),
    labelsIn(line),
    rows.release ?? null,
    deployment,
    exectype,
  ];
  const next = `(select coalesce(max(orderexecuted), 0) + 1 from ${quoted(table)})`;
  await session.rows(
    ran
      ? `update ${quoted(table)} set dateexecuted = now(), orderexecuted = ${next}, md5sum = $4::varchar, exectype = $10,
          description = 'sql', comments = $5::varchar, contexts = $6::varchar, labels = $7::varchar, liquibase = $8::varchar,
          deployment_id = $9::varchar
        where id = $1 and author = $2 and filename = $3`
      : `insert into ${quoted(table)} (id, author, filename, dateexecuted, orderexecuted, md5sum, description, comments,
          exectype, contexts, labels, liquibase, deployment_id)
        values ($1, $2, $3, now(), ${next}, $4::varchar, 'sql', $5::varchar, $10, $6::varchar, $7::varchar, $8::varchar,
          $9::varchar)`,
    values,
  );
  rows.take({ id, author, filename: file, md5sum, exectype, liquibase: rows.release ?? null });
}

async function forget(session: Session, { table, rows }: Run, changeset: Changeset, step: HistoryStep): Promise<void> {
  const file = fileIn(rows, changeset, step);
  const { id, author } = changeset;
  await session.rows(`delete from ${quoted(table)} where id = $1 and author = $2 and filename = $3`, [
    id,
    author,
    file,
  ]);
  rows.drop({ id, author, filename: file });
}

const fileIn = (rows: LiquibaseRows, { line }: Changeset, { migration, upText }: HistoryStep): string =>
  attributeIn('logicalFilePath', line) ||
  (readChangesets(withoutMark(upText)).logicalFilePath ?? rows.fileOf(migration));

/** As they are written; several in parentheses. */
function contextsIn(line: string): string | null {
  const written = contextIn(line);
  if (written === '') return null;
  return /[, ]/.test(written) ? `(${written})` : written;
}

const labelsIn = (line: string): string | null => {
  const names = (attributeIn('labels', line) ?? '')
    .split(',')
    .map((it) => it.trim())
    .filter(Boolean);
  return names.length === 0 ? null : [...new Set(names)].join(',');
};

async function rowsIn(session: Session, table: TableName): Promise<LiquibaseRows> {
  return new LiquibaseRows(
    await session.rows<LiquibaseRow>(
      `select id, author, filename, md5sum, exectype, liquibase from ${quoted(table)}
        where id is not null and author is not null and filename is not null order by dateexecuted, orderexecuted`,
    ),
  );
}

async function read(session: Session, table: TableName, config: LiquibaseOptions): Promise<HistoryState> {
  return stateOf(table, (await hasTable(session, table, shape)) ? await rowsIn(session, table) : undefined, config);
}

function inChangelog(
  rows: LiquibaseRows,
  migration: HistoryStep['migration'],
  upText: string,
  { runs }: LiquibaseCall,
): PartStates {
  const file = rows.fileOf(migration);
  const all = changesetsIn(migration.version, withoutMark(upText));
  const run = all.filter((it) => runs(migration.version, it));
  const names = (list: typeof all): ReadonlySet<string> => new Set(list.map(partOf));
  const isApplied = (it: (typeof all)[number]): boolean => rows.of(file, it) !== undefined;
  const passesOver = run.length < all.length;
  return { applied: names(run.filter(isApplied)), open: names(run.filter((it) => !isApplied(it))), passesOver };
}

/** Of a file whose changesets nobody here can read all are taken to be there. */
function missingIn(rows: LiquibaseRows, { migrations, upTextOf }: Parameters<Missing>[0]): readonly string[] {
  const found = new Set<LiquibaseRow | undefined>();
  const [files, unread] = [new Set<string>(), new Set<string>()];
  for (const migration of migrations) {
    const [file, upText] = [rows.fileOf(migration), upTextOf(migration)];
    if (upText === undefined || isChangelog(migration.version)) {
      unread.add(file);
      continue;
    }
    const { changesets, logicalFilePath = file } = readChangesets(withoutMark(upText));
    files.add(logicalFilePath);
    for (const it of changesets) found.add(rows.of(attributeIn('logicalFilePath', it.line) || logicalFilePath, it));
  }
  const lost = rows.all.filter((row) => !found.has(row) && !unread.has(normalPath(row.filename)));
  return [...new Set(lost.map((row) => (files.has(normalPath(row.filename)) ? nameOf(row) : row.filename)))];
}

type Missing = NonNullable<HistoryState['missing']>;

/** As Liquibase writes it. */
const nameOf = ({ filename, id, author }: LiquibaseRow): string => `${filename}::${id}::${author}`;

/** @param found undefined where there is no table */
function stateOf(table: TableName, found: LiquibaseRows | undefined, config: LiquibaseOptions): HistoryState {
  const rows = found ?? new LiquibaseRows([]);
  const seen = (migration: HistoryStep['migration'], upText: string) => {
    const text = withoutMark(upText);
    const found = readChangesets(text);
    const file = found.logicalFilePath ?? rows.fileOf(migration);
    const all = propertiesFor(text, found, config.properties);
    return found.changesets
      .filter((it) => config.runs(migration.version, it))
      .map((changeset) => {
        const row = rows.of(attributeIn('logicalFilePath', changeset.line) || file, changeset);
        return {
          changeset,
          row,
          isSame: row === undefined || rows.isSame(row, changeset, () => changesetChecksum(text, changeset, all)),
        };
      });
  };
  const parts: NonNullable<HistoryState['parts']> = (migration, upText) => {
    if (isChangelog(migration.version)) return inChangelog(rows, migration, upText, config);
    const known = seen(migration, upText);
    const names = (list: typeof known): ReadonlySet<string> => new Set(list.map(({ changeset }) => partOf(changeset)));
    return {
      applied: names(known.filter(({ row }) => row !== undefined)),
      open: names(known.filter(({ changeset, row, isSame }) => rows.runsAgain(row, changeset, isSame))),
      passesOver: known.length < readChangesets(withoutMark(upText)).changesets.length,
    };
  };
  return {
    table: labelOf(table),
    exists: found !== undefined,
    applied: (migration) => (rows.has(migration) ? 'applied' : 'pending'),
    edited: {
      has: (migration, upText) =>
        seen(migration, upText).some(
          ({ changeset, row, isSame }) => !isSame && !rows.runsAgain(row, changeset, isSame),
        ),
      effect: {
        says: 'Liquibase refuses to go on: put the changeset back, or add `--validCheckSum` to it.',
        stops: true,
      },
    },
    again: (migration, upText) => rows.has(migration) && parts(migration, upText).open.size > 0,
    parts,
    versions: [],
    missing: (files) => missingIn(rows, files),
    skipsOlder: false,
    needsFiles: 'none',
  };
}
