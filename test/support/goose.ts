/** The real goose, where this machine has one: it comes neither from npm nor with Debian. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** `goose` on the PATH, or what GOOSE names; other programs have that name, too. */
const binary = process.env['GOOSE'] ?? 'goose';

export const hasGoose = (): boolean =>
  spawnSync(binary, ['-version'], { encoding: 'utf8' }).stdout?.startsWith('goose version') ?? false;

/**
 * Runs it on the migrations in `migrations/` of a folder.
 *
 * @param environment beyond the database, for example `GOOSE_TABLE`
 * @returns exit code and both outputs
 */
export function runGoose(
  folder: string,
  url: string,
  command: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly output: string }> {
  const withoutTls = `${url}${url.includes('?') ? '&' : '?'}sslmode=disable`;
  const env = { GOOSE_DRIVER: 'postgres', GOOSE_DBSTRING: withoutTls, ...environment };
  const options = { cwd: folder, timeout: 30_000, env };
  return new Promise((resolve, reject) => {
    execFile(binary, ['-dir', join(folder, 'migrations'), ...command.split(' ')], options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}
