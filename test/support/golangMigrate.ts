/** The real golang-migrate, where this machine has one: it comes neither from npm nor with Debian. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** `migrate` on the PATH, or what GOLANG_MIGRATE names. */
const binary = process.env['GOLANG_MIGRATE'] ?? 'migrate';

export const hasGolangMigrate = (): boolean => spawnSync(binary, ['-version']).status === 0;

/** @returns exit code and both outputs */
export function runGolangMigrate(
  folder: string,
  url: string,
  ...command: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const withoutTls = `${url}${url.includes('?') ? '&' : '?'}sslmode=disable`;
  const words = ['-path', join(folder, 'migrations'), '-database', withoutTls, ...command];
  return new Promise((resolve, reject) => {
    execFile(binary, words, { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}
