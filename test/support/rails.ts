/** The real ActiveRecord with its rake tasks, of Debian, and a project of theirs without the rest of Rails. */
import { execFile } from 'node:child_process';
import { installModules } from './programs';

/**
 * Debian's gems are for its own Ruby, which need not be the first one of the PATH. Another one may be named, to try other
 * releases by hand: a script that calls Ruby with their folders.
 */
const ruby = process.env['REHEARSAL_TEST_RUBY'] ?? '/usr/bin/ruby';

/** For ours to take the same. */
export function rubyVariables(): Readonly<Record<string, string>> {
  const code = 'require "rake"; require "active_record"; require "pg"';
  installModules(ruby, '-e', code, ['ruby-activerecord', 'ruby-pg', 'rake']);
  return { REHEARSAL_RUBY: ruby, PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
}

/**
 * Runs tasks in a folder that is its project.
 *
 * @returns exit code and both outputs
 */
export function runRake(
  folder: string,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const env = { ...rubyVariables(), RUBYOPT: '-W0' };
  return new Promise((resolve, reject) => {
    execFile(ruby, ['-S', 'rake', ...words], { cwd: folder, env, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

/** @param url of a test database @param configured more lines of the Rakefile, before its tasks are loaded */
export const railsFiles = (url: string, configured = ''): Readonly<Record<string, string>> => ({
  'config/database.yml': `development:\n  url: ${url}\n`,
  Rakefile: `require 'active_record'
require 'yaml'
include ActiveRecord::Tasks
DatabaseTasks.env = 'development'
DatabaseTasks.root = __dir__
DatabaseTasks.db_dir = 'db'
DatabaseTasks.migrations_paths = ['db/migrate']
ActiveRecord::Base.configurations = DatabaseTasks.database_configuration = YAML.load_file('config/database.yml')
${configured}
task(:environment) { ActiveRecord::Base.establish_connection(:development) }
load 'active_record/railties/databases.rake'
`,
});

/** The text of a migration: the body of its class begins in the second line. */
export const migration = (name: string, ...lines: readonly string[]): string =>
  `class ${name} < ActiveRecord::Migration[6.0]\n${lines.map((it) => `  ${it}\n`).join('')}end\n`;
