/** A statement that Postgres refuses in a transaction: what its tool has to be told, and the fix that tells it. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { Fix } from '../../server/engine/layouts/layout';
import { outsideTransaction } from '../../server/engine/layouts/directives/outsideTransaction';
import { layoutOf } from '../../server/engine/layouts/find';
import type { LayoutName } from '../../server/engine/layouts/layout';
import { binariesOf, servers, withDatabase } from '../support/servers';
import { briefly, checked, projectOf, withWorkspace } from './support';

const index = 'create index concurrently a_id on a (id);';

const mended = (text: string, [fix]: readonly Fix[] = []): string =>
  (fix?.edits ?? []).reduceRight(
    (it, { range, text: put }) => it.slice(0, range.start) + put + it.slice(range.end),
    text,
  );

describe('a statement that cannot run in a transaction', () => {
  const texts: readonly [LayoutName, string, string, string | undefined, RegExp][] = [
    [
      'dbmate',
      '1_a.sql',
      `-- migrate:up\n${index}\n-- migrate:down\n`,
      `-- migrate:up transaction:false\n${index}\n-- migrate:down\n`,
      /unless "transaction:false" asks for none/,
    ],
    [
      'dbmate',
      '1_a.sql',
      `-- migrate:up transaction:false\nselect 1;\n${index}\n-- migrate:down\n`,
      undefined,
      /one transaction: give it a migration of its own/,
    ],
    [
      'goose',
      '1_a.sql',
      `-- +goose Up\r\n${index}\r\n`,
      `-- +goose NO TRANSACTION\r\n-- +goose Up\r\n${index}\r\n`,
      /runs in a transaction/,
    ],
    ['sqlx', '1_a.sql', `${index}\n`, `-- no-transaction\n${index}\n`, /runs in a transaction/],
    ['numbered', '1_a.sql', `\n${index}\n`, `\n-- rehearsal: no-transaction\n${index}\n`, /runs in a transaction/],
    [
      'atlas',
      '1_a.sql',
      `-- an index\n${index}\n`,
      `-- atlas:txmode none\n\n-- an index\n${index}\n`,
      /runs in a transaction/,
    ],
    [
      'golang-migrate',
      '1_a.up.sql',
      `select 1;\n${index}\n`,
      undefined,
      /golang-migrate begins no transaction.* of its own\.$/,
    ],
    ['prisma', '1_a/migration.sql', `select 1;\n${index}\n`, undefined, /Prisma begins no transaction.* of its own\.$/],
    ['drizzle', '1_a/migration.sql', `${index}\n`, undefined, /in one transaction; no file can be taken out of it/],
    ['diesel', '2024-01-01-000000_a/up.sql', `${index}\n`, undefined, /run_in_transaction = false/],
  ];
  for (const [name, file, text, expected, says] of texts)
    it(`is told how ${name} runs it: ${JSON.stringify(text)}`, () => {
      const start = text.indexOf(index);
      const script = layoutOf(name)
        .read(file, text)
        .scripts.find(({ range }) => range.start <= start && start < range.end);
      if (!script) throw new Error('no script');
      const { hint, fixes } = outsideTransaction(layoutOf(name).directives, text, start, script);
      match(hint, says);
      equal(fixes && mended(text, fixes), expected);
    });

  it('has that at its finding, and runs when it is mended', () => {
    const text = `-- +goose Up\ncreate table a (id int);\n${index}\n`;
    return withDatabase(servers.newest, (url) =>
      withWorkspace(
        { 'migrations/1_a.sql': text },
        async ({ engine, write }) => {
          const project = await projectOf(engine({ binaries: [binariesOf(servers.newest)] }));
          const { findings } = await checked(project);
          deepEqual(
            findings.map(({ sqlState, hint }) => `${sqlState}: ${hint}`),
            ['25001: It runs in a transaction, unless "-- +goose NO TRANSACTION" asks for none.'],
          );
          write('migrations/1_a.sql', mended(text, findings[0]?.fixes));
          deepEqual(briefly(await checked(project)), []);
        },
        { DATABASE_URL: url },
      ),
    );
  });
});
