/** Where one run takes place: a target behind a proxy, a storage folder that may be full, and our eyes beside both. */
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { plainParameters, withDatabase } from '../../../server/engine/database/parameters';
import { serverDatabase } from '../../../server/engine/database/serverDatabase';
import type { ServerTarget, Surroundings } from '../../../server/engine/snapshots/target';
import type { MortalServer } from '../../support/mortal';
import { assets } from '../../support/places';

/** How a target is reached: plain data, for a process of its own. */
export interface Access {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export function targetAt(access: Access): ServerTarget {
  const parameters = plainParameters(access);
  return {
    kind: 'server',
    database: serverDatabase(parameters, assets),
    sibling: (name) => serverDatabase(withDatabase(parameters, name), assets),
  };
}

export const aroundOf = (storage: string): Surroundings => ({
  storage,
  now: () => new Date(),
  log: () => {},
  signal: new AbortController().signal,
});

export interface Disk {
  readonly folder: string;
  fill(): void;
  free(): void;
  /** Gone with all that is in it. */
  end(): void;
}

/** Only root can mount a small disk; for others no disk is ever full. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0;

export function newDisk(kilobytes: number): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-faults-'));
  if (canMount) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder]);
  const filler = join(folder, 'filler');
  return {
    folder,
    fill() {
      const { bavail, bsize } = statfsSync(folder);
      try {
        writeFileSync(filler, Buffer.alloc(bavail * bsize));
      } catch (cause) {
        // Others have taken some of it meanwhile: it is full all the same.
        if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause;
      }
    },
    free: () => rmSync(filler, { force: true }),
    end() {
      if (canMount) execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Directly, past the proxy. */
export async function rowsOf<Row extends object>(
  server: MortalServer,
  database: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const client = new Client({ connectionString: server.url(database), application_name: observer });
  client.on('error', () => {});
  await client.connect();
  try {
    const result = await client.query<Row>(sql, [...values]);
    return result.rows;
  } finally {
    await client.end();
  }
}

/** How our own look is known. */
export const observer = 'faults';
