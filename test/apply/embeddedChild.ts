/** Applies migrations to an embedded database in a process of its own, so that a test can kill it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyMigrations } from '../../server/engine/apply/apply';
import { embeddedDatabase } from '../../server/engine/database/embedded';
import { jobOn } from './support';

interface Errand {
  readonly file: string;
  readonly storage: string;
  readonly source: string;
}

async function run({ file, storage, source }: Errand): Promise<void> {
  const assets = join(__dirname, '../../dist');
  const database = embeddedDatabase({ file, assets, label: 'embedded', name: 'embedded' });
  const job = jobOn(database, storage, 'golang-migrate', source, {
    progress: ({ message }) => {
      if (message.includes('2 b: statement 2')) writeFileSync(join(storage, 'at-statement-2'), '');
    },
  });
  await applyMigrations(job, ['1', '2']);
}

const [, , errand] = process.argv;
if (errand !== undefined) void run(JSON.parse(errand));
