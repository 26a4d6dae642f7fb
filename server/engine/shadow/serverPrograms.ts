/** The programs of a server, initdb and postgres: run as an unprivileged user when we are root, which Postgres refuses. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const windows = process.platform === 'win32';

export interface Installation {
  /** Folder with `postgres` and `initdb`. */
  readonly binaries: string;
  /** Environment for initdb and postgres, for example where its libraries are. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Programs {
  run(program: string, args: readonly string[]): Promise<{ code: number | null; output: string }>;
  spawn(program: string, args: readonly string[]): ChildProcess;
  /** Hands a file over to the user that the programs run as. */
  own(path: string): void;
}

/** Number of the user that programs run as when we are root. */
export const nobody = 65534;

/**
 * What programs need to run and to find their libraries. Nothing that tells how to reach a database: dblink and
 * postgres_fdw take what they are not told from PGHOST, PGPASSWORD and files in the home folder.
 */
const harmless = (variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(variables).filter(([name]) =>
      /^(?:PATH|LANG|LANGUAGE|LC_\w+|LD_\w+|DYLD_\w+|NIX_\w+|LOCALE_ARCHIVE|LOCPATH|ICU_DATA|TMPDIR|TEMP|TMP|TZDIR|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT)$/i.test(
        name,
      ),
    ),
  );

/** @param folder of the server, which is theirs */
export function programsOf({ binaries, environment }: Installation, folder: string): Programs {
  const env = { ...harmless(process.env), HOME: folder, ...environment, LC_MESSAGES: 'C', TZ: 'UTC' };
  const path = (program: string) => join(binaries, windows ? `${program}.exe` : program);
  const root = process.getuid?.() === 0;
  // Where nobody may not enter the folder of the binaries, a user namespace gives root another number instead.
  const drops = root && spawnSync(path('postgres'), ['--version'], { uid: nobody, gid: nobody, env }).status === 0;
  const options = { env, cwd: folder, ...(drops ? { uid: nobody, gid: nobody } : {}) };
  const commandOf = (program: string, args: readonly string[]): [string, string[]] =>
    root && !drops ? ['unshare', ['--user', '--map-user=1000', path(program), ...args]] : [path(program), [...args]];
  const own = (file: string): void => (drops ? chownSync(file, nobody, nobody) : undefined);
  if (!windows) chmodSync(folder, 0o700);
  own(folder);
  return {
    own,
    async run(program, args) {
      try {
        const { stdout, stderr } = await promisify(execFile)(...commandOf(program, args), options);
        return { code: 0, output: stdout + stderr };
      } catch (error) {
        if (!(error instanceof Error) || !('stderr' in error)) throw error;
        return { code: 1, output: String(error.stderr) || error.message };
      }
    },
    spawn: (program, args) => spawn(...commandOf(program, args), { ...options, stdio: ['ignore', 'ignore', 'pipe'] }),
  };
}
