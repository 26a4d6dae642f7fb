/**
 * Rails: programs in Ruby in `db/migrate`, of which ActiveRecord tells the order and the SQL.
 *
 * Facts from rails/rails 6.0 to 8.1: activerecord/lib/active_record/migration.rb, railties/databases.rake, and
 * lib/rails/generators/active_record/migration/.
 */
import { capital } from '../base/words';
import type { FolderContents, FoundFile, Layout, MigrationFile } from './layout';
import { nextNumber, slugOf, timestamp } from './numbers';
import { withDown } from './railsDown';

export const rails: Layout = {
  name: 'rails',
  label: 'Rails',
  directives: {
    page: 'https://api.rubyonrails.org/classes/ActiveRecord/Migration.html',
    all: [],
    withoutTransaction: 'Rails says so in Ruby: disable_ddl_transaction!',
  },
  twice: 'Rails refuses to migrate then.',
  onTwice: 'refusesFolder',
  program: {
    language: 'ruby',
    script: 'ask_rails.rb',
    documents: { language: 'ruby', pattern: '**/*migrate/**/*.rb' },
    watched: ['**/config/{application,environment}.rb', '**/config/database.yml', '**/Gemfile.lock', '**/Rakefile'],
    calledIn: '../..',
    sources,
  },

  withDown,

  recognise(folder) {
    if (filesBeside(folder) === undefined) return undefined;
    const written = filesIn(folder).find(({ fileName }) => isMigration(folder.read(fileName) ?? ''));
    return written && `${written.fileName} is a migration of ActiveRecord`;
  },

  collect: (folder) => ({ files: filesIn(folder), problems: [] }),

  readName(fileName) {
    const [, digits, name] = /(?:^|\/)(\d+)_([_a-z0-9]*)\.?[_a-z0-9]*\.rb$/.exec(fileName) ?? [];
    if (digits === undefined || name === undefined) return undefined;
    const version = BigInt(digits).toString();
    return { version, digits, order: version.padStart(20, '0'), title: name.replaceAll('_', ' '), direction: 'both' };
  },

  read: (): MigrationFile => ({
    scripts: [],
    problems: [],
    outside: 'Rails could not be asked for its SQL.',
  }),

  skeleton(title, existing, now, folder) {
    const slug = slugOf(title).replaceAll(/[^_a-z0-9]/g, '');
    const head = `class ${classOf(slug)} < ActiveRecord::Migration${versionIn(folder)}\n  def change\n    `;
    const name = `${nextNumber(existing, now, timestamp(now))}_${slug}.rb`;
    return { files: [{ name, text: `${head}\n  end\nend\n` }], cursor: head.length };
  },
};

/** One of them is in the folder of every project, two levels up. */
const filesBeside = (folder: FolderContents): string | undefined =>
  ['../../Rakefile', '../../config/application.rb', '../../config/environment.rb', '../../bin/rails'].find(
    (name) => folder.read(name) !== undefined,
  );

const isMigration = (text: string): boolean => /<\s*(?:::)?ActiveRecord::Migration\b/.test(text);

/** Rails looks in the folders below as well. */
function filesIn(folder: FolderContents): readonly FoundFile[] {
  const found: FoundFile[] = [];
  const enter = (at: string, names: readonly string[]): void => {
    for (const it of names) {
      const fileName = `${at}${it}`;
      if (it.endsWith('/')) enter(fileName, it.startsWith('.') ? [] : folder.list(fileName));
      else {
        const name = rails.readName(fileName);
        if (name) found.push({ fileName, name });
      }
    }
  };
  enter('', folder.names.some((it) => /^\d+_\w*(?:\.\w+)?\.rb$/.test(it)) ? folder.names : []);
  return found;
}

/** What decides on the database and on how the project is loaded, beside the migrations. */
function sources(folder: FolderContents): readonly string[] {
  const around = [
    'Rakefile',
    'Gemfile.lock',
    '.env',
    'config/database.yml',
    'config/application.rb',
    'config/environment.rb',
  ];
  return [...around.map((name) => `../../${name}`), ...filesIn(folder).map(({ fileName }) => fileName)];
}

const classOf = (slug: string): string => slug.split('_').map(capital).join('');

/** As the newest migration has it; what a project without one has is not known. */
function versionIn(folder: FolderContents | undefined): string {
  const own = folder ? filesIn(folder).toSorted((one, other) => (one.name.order < other.name.order ? 1 : -1)) : [];
  for (const { fileName } of own) {
    const [, version] = /ActiveRecord::Migration(\[[\d.]+\])/.exec(folder?.read(fileName) ?? '') ?? [];
    if (version !== undefined) return version;
  }
  return '[7.0]';
}
