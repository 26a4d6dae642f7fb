/** A full disk below a server of our own: said, survived, and over when there is room again. */
import { equal, match } from 'node:assert/strict';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { withFolder } from '../support/files';
import { withLanguageServer } from '../support/languageServer';
import { withSession } from '../support/session';

const file = 'db/migrations/20240101000000_extra.sql';
const migration = (up: string): string => `-- migrate:up\n${up}\n\n-- migrate:down\n`;

const rowsOf = (megabytes: number): string =>
  `select repeat('x', 1000) as text from generate_series(1, ${megabytes * 1000})`;

/** A new server takes some 80 MB of it. */
const diskMegabytes = 160;

/**
 * Shared memory that is too small to be chosen, and a small disk as the temporary folder, which no other process sees
 * and which go with this one.
 */
const withSmallDisk = [
  'unshare',
  '--mount',
  'sh',
  '-ec',
  `mount -t tmpfs -o size=20m tmpfs /dev/shm
   mount -t tmpfs -o size=${diskMegabytes}m tmpfs "$TMPDIR"
   chmod 755 "$TMPDIR"
   exec "$@"`,
  'sh',
];

interface SmallDisk {
  /** @param leave megabytes that stay free */
  readonly fill: (leave: number) => void;
  readonly free: () => void;
  /** @returns what became of the check of a migration with these statements: `rehearsed`, or why it failed */
  readonly ending: (up: string) => Promise<string>;
}

function withSmallDiskServer(major: Major, use: (running: SmallDisk) => Promise<void>): Promise<void> {
  return withFolder((TMPDIR) =>
    withDatabase(major, async (url) => {
      await withSession(url, (session) => session.run('create table known (text text)'));
      const beginning = {
        files: { [file]: migration('') },
        environment: { DATABASE_URL: url, TMPDIR },
        initializationOptions: { settings: { postgresBinaries: [binariesOf(major)] } },
        within: withSmallDisk,
      };
      await withLanguageServer(beginning, async ({ editor, path, server }) => {
        // The disk as that process sees it.
        const disk = join('/proc', String(server.pid), 'root', TMPDIR);
        const filler = join(disk, 'filler');
        const open = { yet: false };
        await use({
          fill(leave) {
            const room = (): number => {
              const { bavail, bsize } = statfsSync(disk);
              return bavail * bsize - leave * 1_000_000;
            };
            const piece = Buffer.alloc(1_000_000);
            const full = openSync(filler, 'w');
            // A piece at a time: the server takes of it meanwhile.
            for (let left = room(); left > 0; left = room()) writeSync(full, piece, 0, Math.min(left, piece.length));
            closeSync(full);
          },
          free: () => rmSync(filler),
          async ending(up) {
            const earlier = editor.states.length;
            const version = open.yet ? editor.edit(path(file), migration(up)) : 1;
            if (!open.yet) editor.open(path(file), migration(up));
            open.yet = true;
            const failed = () => editor.states.slice(earlier).find((it) => it.kind === 'failed');
            // A second look at the text before may end in between.
            const rehearsed = () => editor.log.some((line) => line.includes(`.sql v${version}: `));
            await editor.until(() => failed() !== undefined || rehearsed(), `the end of the rehearsal of ${up}`);
            return failed()?.message ?? 'rehearsed';
          },
        });
      });
    }),
  );
}

/** What it is, where, and what to do. */
const full =
  /^The disk is full: .*(?:No space left on device|wrote only \d+ of \d+ bytes).* in .*rehearsal-test-.*\. Free some space and try again\.$/;

const endedByLog = /^The disk is full: could not write to file "pg_wal.*: No space left on device/;

for (const major of [servers.oldest, servers.newest]) {
  describe(`a full disk below a PostgreSQL ${major} of our own`, function () {
    this.timeout(240_000);
    before(function () {
      // Where nobody may mount a small disk.
      if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip();
    });

    it('is said with its place, and keeps nothing from being checked that needs no room', () =>
      withSmallDiskServer(major, async ({ fill, free, ending }) => {
        equal(await ending('create table small (id int);'), 'rehearsed');
        // Rolled back rows stay in the files.
        match(await ending(`insert into known ${rowsOf(200)};`), full);
        equal(await ending('insert into known values (1);'), 'rehearsed');
        match(await ending(`commit; insert into known ${rowsOf(200)}; begin;`), full);
        fill(1);
        match(await ending(`commit; insert into known ${rowsOf(20)}; begin;`), full);
        equal(await ending('create table small (id int);'), 'rehearsed');
        free();
        equal(await ending('commit; insert into known values (1); begin;'), 'rehearsed');
      }));

    it('is said when the server ends because of it, and when none can be started', () =>
      withSmallDiskServer(major, async ({ fill, free, ending }) => {
        fill(1);
        match(await ending('create table small (id int);'), full);
        free();
        equal(await ending('create table smaller (id int);'), 'rehearsed');
        fill(1);
        const log = `select pg_logical_emit_message(false, 'x', repeat('x', 1000000)) from generate_series(1, 100);`;
        match(await ending(log), endedByLog);
        free();
        equal(await ending('create table small (id int);'), 'rehearsed');
        // More than the copy takes that is committed to, and what is looked at behind the last answer; less than the log.
        fill(30);
        match(await ending(`commit; ${log} begin;`), endedByLog);
        free();
        equal(await ending('create table small (id int);'), 'rehearsed');
      }));
  });
}
