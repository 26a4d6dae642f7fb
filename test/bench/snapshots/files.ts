/** A snapshot as a dump file, and its way back, beside pg_dump and what reads its files. */
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dropSnapshot, restoreSnapshot, takeSnapshot } from '../../../server/engine/snapshots/snapshots';
import { aroundOf, targetAt } from '../faults/place';
import { timed } from '../measure';
import { order, restored, taken } from './copies';
import type { DiskServer } from './diskServer';
import { dropped } from './filled';
import { type Row, rounds, type Tell } from './rounds';

const run = promisify(execFile);

/** Folder of pg_dump, pg_restore and psql that know servers of this major; undefined where none is installed. */
export async function clientPrograms(major: number): Promise<string | undefined> {
  const folders = [`/usr/lib/postgresql/${major}/bin`, ...(process.env['PATH'] ?? '').split(':')];
  for (const folder of folders) {
    if (!existsSync(join(folder, 'pg_dump'))) continue;
    const { stdout } = await run(join(folder, 'pg_dump'), ['--version']);
    if (Number(/ (\d+)/.exec(stdout)?.[1]) >= major) return folder;
  }
  return undefined;
}

/** @param programs folder of pg_dump; left out where there is none */
export const measureFiles = (
  server: DiskServer,
  database: string,
  runs: number,
  programs: string | undefined,
): Promise<readonly Row[]> =>
  rounds(runs, async (tell) => {
    tell('its files copied and flushed, no server', await server.copyFiles(database));
    if (programs !== undefined) await dumpedBy(programs, server, database, tell);
    const target = targetAt(server.access(database));
    const around = aroundOf(server.storage);
    for (const packed of [undefined, 'gzip'] as const) {
      const how = packed ?? 'plain';
      const take = { ...order, reason: 'measured', form: 'file', ...(packed && { packed }) } as const;
      const { id } = await taken(() => takeSnapshot(target, take, around), `dump file, ${how}: snapshot`, tell);
      await restored(server, `dump file, ${how}: restore`, tell, () => restoreSnapshot(target, id, order, around));
      await dropSnapshot(target, id, around);
    }
  });

async function dumpedBy(programs: string, server: DiskServer, database: string, tell: Tell): Promise<void> {
  const { host, port, user, password } = server.access(database);
  const login = ['-h', host, '-p', String(port), '-U', user];
  const env = { ...process.env, PGPASSWORD: password };
  const file = join(server.storage, 'dump');
  const work = (program: string, words: readonly string[]): Promise<number> =>
    timed(() => run(join(programs, program), [...login, ...words], { env }));
  for (const [how, format, program, read] of [
    ['-Fc', 'c', 'pg_restore', ['-d', 'plain', '--single-transaction', file]],
    ['-Fp', 'p', 'psql', ['-d', 'plain', '-qX', '-v', 'ON_ERROR_STOP=1', '--single-transaction', '-f', file]],
  ] as const) {
    tell(`pg_dump ${how}`, await work('pg_dump', ['-F', format, '-f', file, database]));
    await server.sql('create database plain');
    tell(`${program} of that`, await work(program, read));
    await dropped(server, 'plain');
    rmSync(file);
  }
}
