/** Does one operation in a process of its own, so that it can be killed. */
import { Client } from 'pg';
import { operations } from './operations';
import { type Access, aroundOf, targetAt } from './place';

export interface Errand {
  readonly operation: string;
  readonly access: Access;
  readonly storage: string;
  readonly id: string;
}

async function run({ operation, access, storage, id }: Errand): Promise<void> {
  const found = operations.find(({ name }) => name === operation);
  if (!found) throw new Error(`there is no operation ${operation}`);
  const sql = async (text: string): Promise<void> => {
    const client = new Client({ ...access });
    await client.connect();
    await client.query(text);
    await client.end();
  };
  await found.run({ target: targetAt(access), around: aroundOf(storage), sql }, id);
  process.stdout.write('done');
}

const [, , errand] = process.argv;
if (errand !== undefined) void run(JSON.parse(errand));
