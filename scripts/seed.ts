/**
 * Loads sample data into the embedded development database of a folder of migrations.
 *
 *     node --import=tsx scripts/seed.ts <project> <folder of migrations> <file>
 *
 * The command line has nothing for it, on purpose: it changes databases by migrations only.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolveTarget } from '../server/engine/projects/target';
import { nodeWorld } from '../server/world';

async function main(project: string, folder: string, file: string): Promise<void> {
  const world = nodeWorld({ assets: join(__dirname, '../dist'), log: () => undefined, tell: () => undefined });
  const { database } = resolveTarget(
    resolve(folder),
    {
      roots: [resolve(project)],
      folders: [],
      layout: undefined,
      layouts: () => undefined,
      target: () => ({ kind: 'embedded' }),
      statementMs: 60_000,
      shadow: 'auto',
      shadowDataLimit: 0,
      observe: 'off',
      binaries: [],
    },
    world,
  );
  const session = await database.open('write');
  try {
    const answer = await session.run(readFileSync(file, 'utf8'));
    if (answer.kind === 'refused') throw new Error(`${file}: ${answer.refusal.message}`);
    const rows = answer.commands.reduce((sum, it) => sum + (it.rows ?? 0), 0);
    console.log(`Loaded ${rows} rows of sample data.`);
  } finally {
    await session.close();
  }
}

const [project = '', folder = '', file = ''] = process.argv.slice(2);
main(project, folder, file).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
