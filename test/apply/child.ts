/** Applies or reverts migrations in a process of its own, so that a test can kill it. */
import { applyMigrations, revertMigrations } from '../../server/engine/apply/apply';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { jobOn } from './support';

export interface Errand {
  readonly place: Parameters<typeof plainParameters>[0];
  readonly storage: string;
  readonly layout: LayoutName;
  readonly source: string;
  readonly direction: 'up' | 'down';
}

async function run({ place, storage, layout, source, direction }: Errand): Promise<void> {
  const job = jobOn(serverDatabase(plainParameters(place), ''), storage, layout, source);
  const done = await (direction === 'up' ? applyMigrations(job, job.versions) : revertMigrations(job, ['1']));
  process.stdout.write(`${JSON.stringify(done)}\n`);
}

const [, , errand] = process.argv;
if (errand !== undefined) void run(JSON.parse(errand));
