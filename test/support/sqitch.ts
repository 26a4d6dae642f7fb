/** The real sqitch, with psql and its driver from Debian. */
import { execFile } from 'node:child_process';
import { debianTool } from '../conformance/install';
import { which } from './programs';

/** A driver or a psql that is missing fails at the first connection only. */
function command(): string {
  if (which('psql') === undefined) debianTool('psql', ['postgresql-client']);
  return debianTool('sqitch', ['sqitch', 'libdbd-pg-perl', 'postgresql-client']);
}

/** In a project: who plans and deploys. In variables sqitch reads bytes, not UTF-8. */
export const sqitchFiles = { '.sqitch/sqitch.conf': '[user]\n\tname = Ann "Bée"\n' };

/** For sqitch and for us. */
export const sqitchVariables = (folder: string) => ({ HOME: folder, SQITCH_EMAIL: 'ann@example.com' });

/**
 * Runs it in a folder that is its project and its home.
 *
 * @param url of the target, in commands that have one
 * @returns exit code and both outputs
 */
export function runSqitch(
  folder: string,
  url: string | undefined,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const target = url === undefined ? {} : { SQITCH_TARGET: url.replace(/^postgres/, 'db:pg') };
  const env = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    TZ: 'Asia/Tokyo',
    ...sqitchVariables(folder),
    ...target,
  };
  return new Promise((resolve, reject) => {
    execFile(command(), [...words], { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}
