/** Runs the mutation bench on folders of migrations, each with servers of its own. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { loadModule } from 'libpg-query';
import { plainParameters } from '../../../server/engine/database/parameters';
import { openSession } from '../../../server/engine/database/postgres';
import { type PrivateServer, startServer } from '../../../server/engine/shadow/privateServer';
import { loadParser } from '../../../server/engine/sql/parse';
import { withFolder } from '../../support/files';
import { binariesOf, type Major } from '../../support/servers';
import { type Plan, type Result, runProject } from './project';
import { openRehearsals } from './rehearsed';
import { openTruth } from './truth';

export interface History {
  readonly name: string;
  /** Absolute path. */
  readonly folder: string;
  /** A file with what the project's own set-up runs before any migration. */
  readonly prelude: string | undefined;
}

export const historyOf = (folder: string, preludes: readonly string[]): History => {
  const name = /examples.shop/.test(folder) ? 'shop' : basename(folder);
  const prelude = preludes.find((it) => it.startsWith(`${name}=`))?.slice(name.length + 1);
  return { name, folder, prelude };
};

export async function runHistory(
  { name, folder, prelude }: History,
  major: Major,
  plan: Plan,
  onResult: (result: Result) => void,
): Promise<void> {
  await Promise.all([loadModule(), loadParser()]);
  const binaries = binariesOf(major);
  const server = await startServer({ binaries, tcp: true, superuser: 'mutation' });
  try {
    await withFolder(async (storage) => {
      await makeDatabases(server, prelude);
      const rehearsals = await openRehearsals(folder, { server, binaries, storage, database: target });
      try {
        // The target is looked at before its server has the roles of the migrations.
        await rehearsals.project.status();
        const truth = await openTruth(server, state);
        await runProject(name, { truth, rehearsals }, plan, onResult);
        await truth.close();
      } finally {
        await rehearsals.close();
      }
    });
  } finally {
    await server.stop();
  }
}

const [state, target] = ['mutation_state', 'mutation_target'];

/** Two of the same content: the one is for plain Postgres, the other for us to look at. */
async function makeDatabases(server: PrivateServer, prelude: string | undefined): Promise<void> {
  await run(server, 'postgres', `create database ${state}`);
  if (prelude !== undefined) await run(server, state, readFileSync(prelude, 'utf8'));
  await run(server, 'postgres', `create database ${target} template ${state}`);
}

async function run(server: PrivateServer, database: string, sql: string): Promise<void> {
  const session = await openSession(plainParameters({ ...server, database }));
  try {
    const answer = await session.run(sql);
    if (answer.kind === 'refused') throw new Error(answer.refusal.message);
  } finally {
    await session.close();
  }
}
