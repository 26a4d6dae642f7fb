/** The real dbmate, from its npm package. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface DbmateResult {
  readonly code: number;
  /** What it printed, on both outputs. */
  readonly output: string;
}

/**
 * Runs it in a folder with migrations in `migrations/`; it writes no schema.sql.
 *
 * @param environment beyond what it needs, for example `DBMATE_MIGRATIONS_TABLE`
 */
export function runDbmate(
  folder: string,
  url: string,
  command: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<DbmateResult> {
  const withoutTls = `${url}${url.includes('?') ? '&' : '?'}sslmode=disable`;
  const options = { cwd: folder, timeout: 30_000, env: { DATABASE_URL: withoutTls, ...environment } };
  const flags = ['--no-dump-schema', '--migrations-dir', join(folder, 'migrations')];
  return new Promise((resolve, reject) => {
    execFile(binary(), [...flags, command], options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

function binary(): string {
  const own = createRequire(createRequire(__filename).resolve('dbmate/package.json'));
  const name = process.platform === 'win32' ? 'dbmate.exe' : 'dbmate';
  return join(dirname(own.resolve(`@dbmate/${process.platform}-${process.arch}/package.json`)), 'bin', name);
}
