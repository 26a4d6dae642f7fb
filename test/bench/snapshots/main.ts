/**
 * `npm run bench -- snapshots`: how long snapshots, restores and swaps take, beside a plain copy of the same files and
 * what Postgres and pg_dump do by themselves, in the same rounds. It asserts nothing about time.
 *
 * Prints Markdown. `--size MB`: of the large database (1024); `--files MB`: of the one that dump files are made of (256);
 * `--runs N`: rounds (5); `--major N`: of the server (18), for a machine whose pg_dump is older; `--only copies`, `files` or
 * `swaps`.
 */
import { cpus, loadavg } from 'node:os';
import { majorOf, servers } from '../../support/servers';
import { measureCopies } from './copies';
import { type DiskServer, startOnDisk } from './diskServer';
import { clientPrograms, measureFiles } from './files';
import { dropped, filled, megabytesOf } from './filled';
import { markdown, type Row } from './rounds';
import { measureSwaps } from './swaps';

const size = Number(valueOf('--size') ?? 1024);
const fileSize = Number(valueOf('--files') ?? Math.min(size, 256));
const runs = Number(valueOf('--runs') ?? 5);
const smallSize = 10;
const crowd = 5;

void main();

async function main(): Promise<void> {
  const began = performance.now();
  const server = await startOnDisk(majorOf(valueOf('--major') ?? String(servers.newest)));
  try {
    if (!server.onDisk) say('The temporary folder lies in memory: no disk is measured.');
    if (isWanted('swaps')) await onSmall(server);
    if (isWanted('files')) await onMiddle(server);
    if (isWanted('copies') || isWanted('swaps')) await onLarge(server);
  } finally {
    await server.stop();
  }
  const minutes = (performance.now() - began) / 60_000;
  const load = loadavg().map((it) => it.toFixed(1));
  say(
    `PostgreSQL ${server.major} with fsync, ${cpus().length} processors, ${minutes.toFixed(1)} minutes; load averages at the end: ${load.join(', ')}.`,
  );
}

async function onSmall(server: DiskServer): Promise<void> {
  const small = await filled(server, smallSize);
  await swapsOf(server, small, { restores: runs * 4, trials: runs });
  await dropped(server, small);
}

async function onMiddle(server: DiskServer): Promise<void> {
  const programs = await clientPrograms(server.major);
  if (programs === undefined) say(`No pg_dump of ${server.major} or later is installed: it is not measured.`);
  const middle = await filled(server, fileSize);
  show(`files of ${await sizeOf(server, middle)}`, await measureFiles(server, middle, runs, programs));
  await dropped(server, middle);
}

async function onLarge(server: DiskServer): Promise<void> {
  const large = await filled(server, size);
  if (isWanted('copies')) show(`copies of ${await sizeOf(server, large)}`, await measureCopies(server, large, runs));
  if (isWanted('swaps')) await swapsOf(server, large, { restores: runs * 4, trials: 1 });
}

async function swapsOf(
  server: DiskServer,
  database: string,
  each: { readonly restores: number; readonly trials: number },
): Promise<void> {
  for (const sessions of [0, crowd])
    show(
      `swap of ${await sizeOf(server, database)}, ${sessions} sessions to end`,
      await measureSwaps(server, database, sessions, each),
    );
}

const sizeOf = async (server: DiskServer, name: string): Promise<string> =>
  `${Math.round(await megabytesOf(server, name))} MB`;

function isWanted(part: 'copies' | 'files' | 'swaps'): boolean {
  const only = valueOf('--only');
  return only === undefined || only === part;
}

const show = (title: string, rows: readonly Row[]): void => say(markdown(title, rows));

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function valueOf(option: string): string | undefined {
  const at = process.argv.indexOf(option);
  return at < 0 ? undefined : process.argv[at + 1];
}
