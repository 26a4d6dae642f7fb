/** A project on the disk with a database of its own, on which both we and a real tool work. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import type { Job } from '../../server/engine/apply/job';
import type { HistoryState } from '../../server/engine/history/history';
import { histories } from '../../server/engine/history/all';
import { layoutOf, readFolder } from '../../server/engine/layouts/find';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { besideIn } from '../../server/engine/layouts/migration';
import type { ApplyResult } from '../../server/engine/project';
import { diskFiles } from '../../server/world';
import { type Place, withPlace } from '../snapshots/support';
import { withFolder } from '../support/files';
import { type Major, serverOf } from '../support/servers';
import { withSession } from '../support/session';
import { toolSettings } from '../support/toolSettings';

export interface ToolProject {
  /** Absolute path of the project; paths of files are relative to it. */
  readonly path: string;
  readonly url: string;
  readonly sql: Place['sql'];
  write(path: string, text: string): void;
  read(path: string): string;
  remove(path: string): void;
  /** As the files are now. */
  job(): Job;
  /** All that is pending, or only these versions. */
  apply(versions?: readonly string[]): Promise<ApplyResult>;
  /** Newest first. */
  revert(versions: readonly string[]): Promise<ApplyResult>;
  /** What our history says, `000001 applied`, one for each migration. */
  states(): Promise<readonly string[]>;
  history(): Promise<HistoryState>;
}

export interface ToolProjectOptions {
  readonly layout: LayoutName;
  /** Relative to the project. */
  readonly folder: string;
  /** By path in the project. */
  readonly files: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export const withToolProject = (
  major: Major,
  { layout, folder, files, environment = {} }: ToolProjectOptions,
  use: (project: ToolProject) => Promise<void>,
): Promise<void> =>
  withFolder((path) =>
    withPlace(major, async (place) => {
      const server = await serverOf(major);
      const { name } = place.target.database;
      const write = (file: string, text: string): void => {
        mkdirSync(dirname(join(path, file)), { recursive: true });
        writeFileSync(join(path, file), text);
      };
      for (const [file, text] of Object.entries(files)) write(file, text);
      const job = (): Job => {
        const migrations = join(path, folder);
        const settings = toolSettings({
          environment,
          user: server.user,
          database: name,
          path: migrations,
          read: besideIn({ path: migrations }, (file) => diskFiles.read(file)),
          list: (folder) => diskFiles.list(join(migrations, folder)),
        });
        const found = readFolder(migrations, diskFiles, layoutOf(layout));
        return {
          database: place.target.database,
          history: histories[layout](settings),
          folder: { ...found, layout: found.layout.configured?.(settings) ?? found.layout },
          read: (file) => diskFiles.read(file),
          isMarked: (file) => diskFiles.isMarked(file),
          storage: place.around.storage,
          now: () => new Date(),
          progress: () => {},
          signal: new AbortController().signal,
        };
      };
      const history = (): Promise<HistoryState> =>
        withSession(server.url(name), (session) => job().history.read(session));
      const states = async (): Promise<readonly string[]> => {
        const [state, { folder: found }] = [await history(), job()];
        return found.migrations.map((it) => {
          const is = state.applied(it);
          const edited = is === 'applied' && state.edited?.has(it, diskFiles.read(it.upPath ?? '') ?? '');
          return `${it.version} ${edited ? 'edited' : is}`;
        });
      };
      await use({
        path,
        url: server.url(name),
        sql: place.sql,
        write,
        read: (file) => readFileSync(join(path, file), 'utf8'),
        remove: (file) => rmSync(join(path, file), { recursive: true }),
        job,
        history,
        states,
        revert: (versions) => revertMigrations(job(), versions),
        async apply(versions) {
          const pending = (await states()).filter((it) => it.endsWith(' pending')).map((it) => it.split(' ')[0] ?? '');
          return applyMigrations(job(), versions ?? pending);
        },
      });
    }),
  );

export interface Ran {
  readonly code: number;
  /** What it printed, on both outputs. */
  readonly output: string;
}

/** Runs a tool in the folder of a project. */
export const runIn = (
  path: string,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], HOME: path, NO_COLOR: '1', ...environment };
    execFile(command, [...args], { cwd: path, timeout: 60_000, env }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });

/** Tables of a schema as the catalogs have them, to be compared: columns, defaults, constraints, indexes. */
export const tablesOfSchema = ({ sql }: Pick<ToolProject, 'sql'>, schema: string): Promise<readonly object[]> =>
  sql(`
    select c.relname as table, pg_get_userbyid(c.relowner) as owner, c.relacl::text as rights,
      (select json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
          pg_get_expr(d.adbin, d.adrelid)) order by a.attnum)
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0) as columns,
      (select json_agg(json_build_array(conname, pg_get_constraintdef(k.oid)) order by conname)
        from pg_constraint k where conrelid = c.oid) as constraints,
      (select json_agg(pg_get_indexdef(indexrelid) order by 1) from pg_index where indrelid = c.oid) as indexes
    from pg_class c where c.relnamespace = to_regnamespace('${schema}') and relkind = 'r' order by 1`);
