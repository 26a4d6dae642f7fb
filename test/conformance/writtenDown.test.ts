/** Ways back that are written into programs: the real tools are asked what the files would do, before they are written. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { Verified } from '../../server/engine/verification';
import { never, projectOf, withWorkspace } from '../engine/support';
import { alembicFiles, pythonVariables, revision } from '../support/alembic';
import { debianPython, djangoFiles, furtherMigration, withDjango } from '../support/django';
import { migration, railsFiles, rubyVariables } from '../support/rails';
import { binariesOf, servers, withDatabase } from '../support/servers';

const major = servers.oldest;

/** Of the file with this name, and whether nothing was written. */
const suggested = (
  files: (url: string) => Readonly<Record<string, string>>,
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<Verified> =>
  withDatabase(major, (url) =>
    withWorkspace(
      files(url),
      async ({ engine, path }) => {
        const project = await projectOf(engine({ binaries: [binariesOf(major)] }));
        const told: Verified[] = [];
        await project.verify({ which: [path(name)], suggests: true }, (it) => told.push(it), never);
        const [verified] = told;
        if (!verified) throw new Error(`nothing of ${name}`);
        return verified;
      },
      environment,
    ),
  );

const outcome = ({ suggestion }: Verified) => [suggestion?.verdict.kind, suggestion?.noFile];

describe('a way back that is offered for a program', () => {
  it('is tried as Alembic would run it', async () => {
    const name = 'alembic/versions/a1_users.py';
    const files = (url: string) => ({
      ...alembicFiles(url),
      [name]: revision('a1', { up: [`op.execute("create table users (says text default 'a:b%')")`], down: ['pass'] }),
    });
    const verified = await suggested(files, name, pythonVariables());
    deepEqual(outcome(verified), ['exact', undefined]);
    match(verified.suggestion?.file?.text ?? '', /def downgrade\(\):\n {4}op\.execute\("DROP TABLE .*users/);
  });

  it('is told apart from its file where Alembic cannot read that', async () => {
    const name = 'alembic/versions/a1_users.py';
    const files = (url: string) => ({
      ...alembicFiles(url),
      [name]: revision('a1', { up: [`op.execute("create table users (id int)")`], down: ['says = """of\nnothing"""'] }),
    });
    const [kind, noFile] = outcome(await suggested(files, name, pythonVariables()));
    equal(kind, 'exact');
    match(noFile ?? '', /^Alembic cannot read it: SyntaxError: .*[^.]\.$/);
  });

  it('is tried as Django would run it', async () => {
    withDjango();
    const name = 'stock/migrations/0001_initial.py';
    const files = (url: string) => ({
      ...djangoFiles(url),
      [name]: furtherMigration(`        migrations.RunSQL("create table shelves (id int)"),`),
    });
    const verified = await suggested(files, name, { REHEARSAL_PYTHON: debianPython });
    deepEqual(outcome(verified), ['exact', undefined]);
    match(verified.suggestion?.file?.text ?? '', /reverse_sql=\[\n\s+"DROP TABLE .*shelves/);
  });

  it('is tried as ActiveRecord would run it', async () => {
    const name = 'db/migrate/20240101000000_create_shops.rb';
    const files = (url: string) => ({
      ...railsFiles(url),
      [name]: migration('CreateShops', 'def up', '  create_table :shops', 'end'),
    });
    const verified = await suggested(files, name, rubyVariables());
    deepEqual(outcome(verified), ['exact', undefined]);
    match(verified.suggestion?.file?.text ?? '', /def down\n {4}execute <<-'SQL'\n.*DROP TABLE .*shops/s);
    equal(verified.verdict.kind, 'missing');
  });
});
