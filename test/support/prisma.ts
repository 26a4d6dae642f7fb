/** The real Prisma Migrate, from its npm package. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmTool } from '../conformance/install';
import { which } from './programs';

/**
 * Runs `prisma migrate …` on the migrations in `migrations/` of a folder.
 *
 * @returns exit code and both outputs
 */
export function runPrisma(
  folder: string,
  url: string,
  command: string,
): Promise<{ readonly code: number; readonly output: string }> {
  const modules = npmTool('prisma');
  if (!existsSync(join(folder, 'node_modules'))) {
    symlinkSync(modules, join(folder, 'node_modules'), 'junction');
    copyFileSync(join(__dirname, '../conformance/tools/prisma/prisma.config.mjs'), join(folder, 'prisma.config.mjs'));
    const datasource = 'datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n';
    writeFileSync(join(folder, 'schema.prisma'), datasource);
  }
  const env = {
    ...process.env,
    DATABASE_URL: url,
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    NO_COLOR: '1',
    // It would download these; of the second it asks whether the database can be reached.
    PRISMA_QUERY_ENGINE_LIBRARY: which('true'),
    PRISMA_SCHEMA_ENGINE_BINARY: which('true'),
  };
  const main = join(modules, 'prisma/build/index.js');
  return new Promise((resolve, reject) => {
    const args = [main, 'migrate', ...command.split(' ')];
    execFile(process.execPath, args, { cwd: folder, timeout: 120_000, env }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}
