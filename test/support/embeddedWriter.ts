/** A process that writes to an embedded database, for tests that kill it: `embeddedWriter.ts <file> <assets> <sql>`. */
import { embeddedDatabase } from '../../server/engine/database/embedded';

async function write([file = '', assets = '', sql = '']: readonly string[]): Promise<void> {
  const session = await embeddedDatabase({ file, assets, label: 'embedded', name: 'test' }).open('write');
  const answer = await session.run(sql);
  process.stdout.write(`${answer.kind}\n`);
  try {
    await session.close();
    process.stdout.write('closed\n');
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}

void write(process.argv.slice(2));
