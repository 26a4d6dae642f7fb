/** The way from one schema to another, for one change at a time and on real servers: it leads there, and it says what goes. */
import { deepEqual } from 'node:assert/strict';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { readCatalog } from '../../server/engine/scripting/catalog';
import { type Proved, type ProvingGround, provedScript, type Wanted } from '../../server/engine/scripting/provedScript';
import type { Script } from '../../server/engine/scripting/script';
import { assets } from '../support/places';
import { asAdmin, type Major, servers, serverOf } from '../support/servers';
import { withSession } from '../support/session';
import { demand } from '../shadow/support';
import { base, changes } from './changes';

for (const major of [servers.oldest, servers.newest]) {
  describe(`a script between two schemas on PostgreSQL ${major}`, () => {
    let former: Wanted;
    before(async () => {
      await asAdmin(await serverOf(major), 'create role scripting_reader');
      await create(major, 'scripting_base', 'template0');
      await on(major, 'scripting_base', (session) => demand(session, base));
      former = await stateOf(major, 'scripting_base');
    });
    after(async () => {
      await asAdmin(await serverOf(major), 'drop database scripting_base');
      await asAdmin(await serverOf(major), 'drop role scripting_reader');
    });

    for (const { change, since = 14, loses = [], drops = [], back: written } of changes) {
      if (major < since) continue;
      it(change, async () => {
        await create(major, 'scripting_changed', 'scripting_base');
        try {
          await on(major, 'scripting_changed', (session) => demand(session, change));
          const now = await stateOf(major, 'scripting_changed');
          const there = await provedScript(copiesOf(major, 'scripting_base'), now, { sameDatabase: true });
          deepEqual({ there: told(there) }, { there: { kind: 'exact', loses: drops } });
          const back = await provedScript(copiesOf(major, 'scripting_changed'), former, { sameDatabase: true });
          deepEqual({ back: told(back) }, { back: { kind: 'exact', loses } });
          if (written && back.kind === 'exact')
            deepEqual(
              back.script.statements.map(({ sql }) => sql),
              written,
            );
        } finally {
          await asAdmin(await serverOf(major), 'drop database scripting_changed');
        }
      });
    }
  });
}

/** All that somebody has to know who looks at a test that failed. */
function told(proved: Proved): object {
  if (proved.kind === 'exact') return { kind: 'exact', loses: lossesOf(proved.script) };
  return proved.kind === 'impossible' ? proved : { ...proved, script: proved.script.statements.map(({ sql }) => sql) };
}

const lossesOf = ({ statements }: Script): string[] =>
  statements.flatMap(({ loses }) =>
    loses.map((it) =>
      it.kind === 'sequence'
        ? `${it.schema}.${it.name} from ${it.start}`
        : [it.schema, it.table, ...(it.column === undefined ? [] : [it.column])].join('.'),
    ),
  );

const create = async (major: Major, name: string, template: string): Promise<void> =>
  asAdmin(await serverOf(major), `create database ${name} template ${template}`);

const on: <T>(major: Major, name: string, use: Parameters<typeof withSession<T>>[1]) => Promise<T> = async (
  major,
  name,
  use,
) => withSession((await serverOf(major)).url(name), use);

async function dumpOf(major: Major, database: string): Promise<string> {
  const { host, port, user, password } = await serverOf(major);
  return serverDatabase(plainParameters({ host, port, user, password, database }), assets).dump();
}

async function stateOf(major: Major, name: string): Promise<Wanted> {
  const catalog = await on(major, name, readCatalog);
  return { catalog, dump: await dumpOf(major, name) };
}

const copiesOf = (major: Major, name: string): ProvingGround => ({
  async withCopy(use) {
    await create(major, 'scripting_copy', name);
    try {
      return await on(major, 'scripting_copy', (session) =>
        use({ session, dump: () => dumpOf(major, 'scripting_copy') }),
      );
    } finally {
      await asAdmin(await serverOf(major), 'drop database scripting_copy with (force)');
    }
  },
});
