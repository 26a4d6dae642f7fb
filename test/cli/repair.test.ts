/** A history that keeps its tool from going on: what would end that is listed, and done when it is asked for. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { withClient } from '../support/client';
import { cliPath, withWorkspace } from '../support/commandLine';
import { pairs } from '../support/outOfOrderFiles';
import { servers, withDatabase } from '../support/servers';

before(() => ok(existsSync(cliPath), 'npm run build makes dist/cli.js'));

describe('the command line', function () {
  this.timeout(240_000);

  it('lists what would end that golang-migrate refuses to go on, and does it', () =>
    withDatabase(servers.newest, (url) =>
      withClient(url, (query) =>
        withWorkspace(
          pairs,
          async ({ run, json }) => {
            match((await run('repair')).stdout, /^There is nothing to repair\.$/m);
            await query('create table schema_migrations (version bigint primary key, dirty boolean not null)');
            await query('insert into schema_migrations values (7, true)');
            const listed = await run('repair');
            equal(listed.code, 0, listed.stderr);
            match(listed.stdout, /^golang-migrate marked version 7 dirty: /);
            match(
              listed.stdout,
              /^1 {2}Record version 6 as the newest applied \(as migrate force 6\)\n {3}When: Version 7: Nothing of its up script stands\.\n {3}truncate "public"\."schema_migrations";\n {3}insert into /m,
            );
            equal((await run('repair', '1')).code, 2);
            match((await run('repair', '9', '--yes')).stderr, /there is no repair 9; rehearsal repair lists them/);
            const done = await json('repair', '1', '--yes');
            equal(done.code, 0);
            deepEqual((done.value as { kind: string }).kind, 'repaired');
            const states = 'select version::int, dirty from schema_migrations';
            deepEqual(await query(states), [{ version: 6, dirty: false }]);
          },
          { DATABASE_URL: url },
        ),
      ),
    ));
});
