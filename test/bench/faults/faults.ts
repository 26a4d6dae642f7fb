/** What goes wrong, at one message of an operation. */
import type { MortalServer } from '../../support/mortal';
import { canMount, type Disk, rowsOf } from './place';
import type { Proxy } from './proxy';

export interface Struck {
  readonly server: MortalServer;
  readonly proxy: Proxy;
  readonly storage: Disk;
  /** Where the target and its copies lie. */
  readonly data: Disk;
  /** Ends our process; there is one only for faults that are `ofProcess`. */
  readonly kill: () => Promise<void>;
}

export interface FaultKind {
  readonly name: string;
  /** Our process itself dies, so that the operation has one of its own. */
  readonly ofProcess?: true;
  readonly possible: boolean;
  readonly strike: (struck: Struck, port: number) => Promise<void>;
  /** The world is as before: a server that starts again, room on the disk, a network. */
  readonly mend?: (struck: Struck) => Promise<void>;
}

export const faults: readonly FaultKind[] = [
  { name: 'our process is killed', ofProcess: true, possible: true, strike: ({ kill }) => kill() },
  {
    name: 'the session’s backend is killed',
    possible: true,
    async strike({ server }, port) {
      const [row] = await rowsOf<{ pid: number }>(
        server,
        'postgres',
        'select pid from pg_stat_activity where client_port = $1',
        [port],
      );
      if (row) process.kill(row.pid, 'SIGKILL');
    },
    mend: ({ server }) => answering(server),
  },
  {
    name: 'the server stops at once',
    possible: true,
    strike: ({ server }) => server.die('SIGQUIT'),
    async mend({ server }) {
      await server.die('SIGQUIT');
      await server.revive();
      await answering(server);
    },
  },
  { name: 'the network is lost', possible: true, strike: ({ proxy }) => proxy.cut() },
  {
    name: 'the disk of our storage is full',
    possible: canMount,
    strike: async ({ storage }) => storage.fill(),
    mend: async ({ storage }) => storage.free(),
  },
  {
    name: 'the disk of the server is full',
    possible: canMount,
    strike: async ({ data }) => data.fill(),
    mend: async ({ data }) => data.free(),
  },
];

/** After a crash Postgres recovers from its log first. */
async function answering(server: MortalServer): Promise<void> {
  for (;;) {
    try {
      await rowsOf(server, 'postgres', 'select 1');
      return;
    } catch (cause) {
      if (!(cause instanceof Error) || !isPassing(cause)) throw cause;
    }
  }
}

/** It is starting, or going down: `57P01` to `57P03`. */
const isPassing = (cause: Error): boolean =>
  ('code' in cause && typeof cause.code === 'string' && /^(?:57P0[123]|ECONNREFUSED|ECONNRESET)$/.test(cause.code)) ||
  /terminated/.test(cause.message);
