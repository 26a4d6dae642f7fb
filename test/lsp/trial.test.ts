/** Trials as the editor asks for them: the report as a page, how far it is, cancelling, and what becomes of the copy. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { CancellationTokenSource } from 'vscode-languageserver-protocol/node';
import { uriOf } from '../../server/language/uri';
import { ProgressNotification } from '../../server/protocol/messages';
import { ListSnapshotsRequest } from '../../server/protocol/snapshots';
import { DeleteTrialRequest, ListTrialsRequest, PsqlRequest, TrialRequest } from '../../server/protocol/trial';
import { type Running, withLanguageServer } from '../support/languageServer';
import { withClient } from '../support/client';
import { refuses } from '../support/refusals';
import { servers, withDatabase } from '../support/servers';

const up = 'create table people (id int primary key, name text);\n';
const files = {
  'migrations/1_people.up.sql': up,
  'migrations/1_people.down.sql': 'drop table people;\n',
  'migrations/2_name.up.sql': 'alter table people drop column name;\n',
  'migrations/2_name.down.sql': 'alter table people add column name varchar;\n',
};
const wish = { from: 'auto', afterwards: 'keep', disconnect: false, progress: 'p1' } as const;

const onServer = (use: (running: Running, folder: string, url: string) => Promise<void>): Promise<void> =>
  withDatabase(servers.newest, (url) =>
    withLanguageServer({ files, environment: { DATABASE_URL: url } }, (running) =>
      use(running, uriOf(running.path('migrations')), url),
    ),
  );

describe('a trial from the editor', () => {
  it('gives a page to read, and a copy that psql opens and that is thrown away', () =>
    onServer(async ({ editor: { connection } }, folder, url) => {
      const steps: string[] = [];
      connection.onNotification(ProgressNotification, ({ message }) => void steps.push(message));
      const result = await connection.sendRequest(TrialRequest, { ...wish, folder });
      if (result.kind !== 'tried' || result.end.kind !== 'kept') throw new Error(JSON.stringify(result));
      const { report, verdict, end } = result;
      equal(verdict, 'All ran. Down: exact.');
      match(report, /^# Trial run on a copy of \S+\n\n\*\*All ran\. Down: exact\.\*\*\n/);
      match(report, /\n## After down\n\nThe schema is exactly as before\.\n/);
      match(report, /\n## Up \(.*\)\n\n### `1 people` \(.*\)\n\n\| Statement \| Time \|\n/);
      match(report, /\n\| `create table people \(id int primary key, name text\)` \| [^|]* \|\n/);
      match(report, /\n\| `alter table people drop column name` \| .* \| `public\.people` ACCESS EXCLUSIVE \|\n/);
      match(report, /\n## Down .*\n## Up again /s);
      match(report, /\n`TABLE public\.people` is added:\n\n```diff\n\+CREATE TABLE public\.people \(\n/);
      ok(
        steps.some((it) => it.startsWith('Applying 1 people: statement 1 of 1')),
        steps.join(),
      );
      const [listed] = await connection.sendRequest(ListTrialsRequest, { folder });
      deepEqual([listed?.name, listed?.migrations, listed?.finished], [end.name, 2, true]);
      const { words, environment } = await connection.sendRequest(PsqlRequest, { folder, name: end.name });
      deepEqual(words.slice(-2), ['-d', end.name]);
      equal(environment['PGPASSWORD'], new URL(url).password);
      await connection.sendRequest(DeleteTrialRequest, { folder, name: end.name, disconnect: false });
      deepEqual(await connection.sendRequest(ListTrialsRequest, { folder }), []);
      await refuses(
        connection.sendRequest(DeleteTrialRequest, { folder, name: end.name, disconnect: false }),
        'no-such-trial',
        /Look at the list/,
      );
    }));

  it('tells a refusal with its place, and a cancel with how the database is', () =>
    onServer(async ({ editor: { connection }, write, path }, folder, url) => {
      write('migrations/3_bad.up.sql', 'insert into people values (1);\nalter table people add check (id > 1);\n');
      const refused = await connection.sendRequest(TrialRequest, { ...wish, afterwards: 'drop', folder });
      if (refused.kind !== 'refused') throw new Error(JSON.stringify(refused));
      deepEqual(
        [refused.uri, refused.range.start.line, refused.end.kind],
        [uriOf(path('migrations/3_bad.up.sql')), 1, 'dropped'],
      );
      const says = 'check constraint "people_id_check" of relation "people" is violated by some row';
      match(refused.report, new RegExp(`> \\*\\*3 was refused\\*\\* \\(up\\): \`${says}\` \\(23514\\)\\n`));
      match(refused.message, /^1 row of people breaks people_id_check$/m);
      match(
        refused.report,
        /^1 row of people breaks people_id_check\. Just before .* by\n\n```sql\nselect \* from "public"\."people" .*\n```$/m,
      );
      const link = /\[`3_bad\.up\.sql:2`\]\(<\/migrations\/3_bad\.up\.sql#L2>\)/.source;
      match(
        refused.report,
        new RegExp(`\\n\\| \`alter table people add check .*\` .*\\*\\*refused\\*\\* in ${link}: \`${says}\` \\|.*\\n`),
      );
      const cancel = new CancellationTokenSource();
      connection.onNotification(ProgressNotification, () => cancel.cancel());
      const cancelled = await connection.sendRequest(TrialRequest, { ...wish, folder }, cancel.token).then(
        ({ kind }) => kind,
        (error: Error) => error.message,
      );
      match(cancelled, /cancelled/i);
      await withClient(url, async (query) => {
        const left = `select datname from pg_database where datname like 'rehearsal\\_trial\\_${new URL(url).pathname.slice(1)}\\_%'`;
        deepEqual(await query(left), []);
        deepEqual(await query(`select tablename from pg_tables where schemaname = 'public'`), []);
      });
    }));

  it('lets the copy become the target', () =>
    onServer(async ({ editor: { connection } }, folder) => {
      const result = await connection.sendRequest(TrialRequest, { ...wish, folder, afterwards: 'swap' });
      if (result.kind !== 'tried' || result.end.kind !== 'swapped') throw new Error(JSON.stringify(result));
      match(result.report, /The copy is \S+ now; what it was before is the snapshot `rehearsal_snapshot_/);
      const snapshots = await connection.sendRequest(ListSnapshotsRequest, { folder });
      deepEqual(
        snapshots.map(({ id }) => id),
        [result.end.kept],
      );
      deepEqual(await connection.sendRequest(TrialRequest, { ...wish, folder }), { kind: 'nothing' });
    }));
});
