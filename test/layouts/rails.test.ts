/** Which folders are those of Rails, how its files are named and a new one is begun. */
import { deepEqual, equal } from 'node:assert/strict';
import { findFolders } from '../../server/engine/layouts/find';
import { rails } from '../../server/engine/layouts/rails';
import { filesOf } from '../support/files';
import { migration } from '../support/rails';

const users = migration('CreateUsers', 'def change', 'end');

const found = (files: Readonly<Record<string, string>>): string[] =>
  findFolders(['/p'], filesOf(files)).map(
    ({ path, layout, migrations }) => `${path} ${layout.name} ${migrations.map(({ version }) => version).join(' ')}`,
  );

describe('the layout of Rails', () => {
  it('is known by its Ruby files, with the project two levels up', () => {
    const file = { '/p/db/migrate/20240101000000_create_users.rb': users };
    deepEqual(found({ ...file, '/p/Rakefile': '' }), ['/p/db/migrate rails 20240101000000']);
    deepEqual(found({ ...file, '/p/config/application.rb': '' }), ['/p/db/migrate rails 20240101000000']);
    deepEqual(found(file), []);
  });

  it('is known for each database of a project, and in each project of a repository', () =>
    deepEqual(
      found({
        '/p/shop/Rakefile': '',
        '/p/shop/db/migrate/20240101000000_create_users.rb': users,
        '/p/shop/db/animals_migrate/20240102000000_create_animals.rb': users,
        '/p/billing/Rakefile': '',
        '/p/billing/db/migrate/20240103000000_create_bills.rb': users,
      }),
      [
        '/p/billing/db/migrate rails 20240103000000',
        '/p/shop/db/animals_migrate rails 20240102000000',
        '/p/shop/db/migrate rails 20240101000000',
      ],
    ));

  it('is none where the Ruby files are something else, nor where another tool has SQL files beside a Rakefile', () =>
    deepEqual(
      found({
        '/p/Rakefile': '',
        '/p/db/fixtures/20240101000000_users.rb': 'User.create!',
        '/p/db/migrations/20240101000000_a.sql': '-- migrate:up\n-- migrate:down\n',
      }),
      ['/p/db/migrations dbmate 20240101000000'],
    ));

  it('finds files in folders below, and those of engines, by their numbers', () =>
    deepEqual(
      found({
        '/p/Rakefile': '',
        '/p/db/migrate/20240102000000_more.blog.rb': users,
        '/p/db/migrate/archive/001_create_users.rb': users,
        '/p/db/migrate/archive/README.md': '',
        '/p/db/migrate/helper.rb': '',
      }),
      ['/p/db/migrate rails 1 20240102000000'],
    ));

  it('reads names as ActiveRecord does', () => {
    equal(rails.readName('20240101000000_add_email.rb')?.title, 'add email');
    equal(rails.readName('007_add_email.engine.rb')?.version, '7');
    for (const name of ['20240101000000_Add.rb', 'add_email.rb', '20240101000000_add.sql', '2024-01_a.rb'])
      equal(rails.readName(name), undefined, name);
  });

  it('begins a migration in the version of the newest one', () => {
    const now = new Date('2024-05-06T07:08:09Z');
    const files = filesOf({
      '/p/db/migrate/20240101000000_a.rb': users.replace('6.0', '6.1'),
      '/p/db/migrate/20240102000000_b.rb': users.replace('6.0', '7.1'),
    });
    const path = '/p/db/migrate';
    const folder = {
      path,
      names: files.list(path),
      read: (name: string) => files.read(`${path}/${name}`),
      list: (name: string) => files.list(`${path}/${name}`),
    };
    const existing = folder.names.flatMap((it) => rails.readName(it) ?? []);
    const { files: made, cursor } = rails.skeleton('Add the e-mail, to users', existing, now, folder);
    const text = 'class AddTheEMailToUsers < ActiveRecord::Migration[7.1]\n  def change\n    \n  end\nend\n';
    deepEqual(made, [{ name: '20240506070809_add_the_e_mail_to_users.rb', text }]);
    equal(text.slice(0, cursor).endsWith('def change\n    '), true);
  });
});
