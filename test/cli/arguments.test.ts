/** Words of the command line → command and values, and what is said of words that cannot be understood. */
import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { type Invocation, readArguments, wantsJson, wholeNumber } from '../../server/cli/arguments';
import { commands } from '../../server/cli/commands/all';
import type { Command } from '../../server/cli/commands/command';
import { helpOf, helpOfAll } from '../../server/cli/help';
import { engineOptions, migrationNamed } from '../../server/cli/projects';
import { Fault } from '../../server/engine/base/fault';
import { layoutOf } from '../../server/engine/layouts/find';

const read = (line: string) => readArguments(line.split(' ').filter(Boolean), commands);

function run(line: string): Extract<Invocation<Command>, { kind: 'run' }> {
  const invocation = read(line);
  if (invocation.kind !== 'run') throw new Error(`${line} does not run`);
  return invocation;
}

const refused = (line: string, says: RegExp) =>
  throws(
    () => read(line),
    (error) => error instanceof Fault && error.code === 'bad-usage' && says.test(error.message),
    line,
  );

const options = (line: string) => engineOptions(run(line).values, '/project', run(line).words);

describe('the words of the command line', () => {
  it('name a command, its options before and after, and its words', () => {
    const { command, values, words } = run('--dir db check a.sql --format json b.sql --all');
    equal(command.name, 'check');
    deepEqual({ ...values }, { dir: ['db'], format: 'json', all: true });
    deepEqual(words, ['a.sql', 'b.sql']);
  });

  it('may begin with a dash after --', () => {
    deepEqual(run('check -- -odd.sql').words, ['-odd.sql']);
  });

  it('ask for help and version', () => {
    deepEqual(read('--help'), { kind: 'help', command: undefined });
    deepEqual(read('help'), { kind: 'help', command: undefined });
    for (const line of ['help apply', 'apply --help', 'apply -h']) {
      const invocation = read(line);
      equal(invocation.kind === 'help' && invocation.command?.name, 'apply', line);
    }
    equal(read('--version').kind, 'version');
  });

  it('are refused with the nearest match when they are not known', () => {
    refused('chekc', /no command "chekc"; did you mean check\?/);
    refused('migrate', /there are check, status, preview/);
    refused('check --formta json', /no option --formta; did you mean --format\?/);
    refused('check --upto 3', /no option --upto/);
    refused('status --yes', /rehearsal status has no option --yes/);
    refused('check -x', /no option -x/);
    refused('', /no command was given/);
  });

  it('of an older spelling are refused with the new one', () => {
    refused('snapshot --list', /rehearsal snapshot has no option --list any more: use rehearsal snapshots list\./);
    refused('snapshot --delete x --yes', /use rehearsal snapshots delete <snapshot>/);
    refused('trial --keep', /use rehearsal trial --keep-copy/);
    refused('check --list', /rehearsal has no option --list/);
  });

  it('are refused when values are missing, surplus or wrong', () => {
    refused('check --database', /--database/);
    refused('check --all=yes', /--all/);
    refused('apply 42', /takes options only, and "42"/);
    for (const value of ['0', '-1', 'three', '1.5', '']) {
      throws(() => wholeNumber('count', value, 1), Fault, value);
    }
    equal(wholeNumber('count', '12', 1), 12);
  });

  it('tell that JSON is wanted even where they cannot be understood', () => {
    equal(wantsJson(['chekc', '--format', 'json']), true);
    equal(wantsJson(['check', '--nonsense', '--format=json']), true);
    equal(wantsJson(['check', '--format', 'pretty']), false);
  });
});

describe('the options of the engine', () => {
  it('come from the words', () => {
    deepEqual(options('check --embedded').target('/project/db'), { kind: 'embedded' });
    deepEqual(options('check --database postgres://h/d').target('/project/db'), {
      kind: 'server',
      connection: 'postgres://h/d',
    });
    equal(options('check').target('/project/db'), undefined);
    deepEqual(options('check --shadow postgres://h/shadow').shadow, { url: 'postgres://h/shadow' });
    equal(options('check --shadow private').shadow, 'private');
    equal(options('check --statement-timeout 50').statementMs, 50);
    equal(options('check').shadowDataLimit, undefined);
    equal(options('check --data-limit 0').shadowDataLimit, 0);
  });

  it('look where the paths lie, too', () => {
    deepEqual(options('check db/1.sql').roots, ['/project']);
    deepEqual(options('check /elsewhere/1.sql ../other/2.sql').roots, ['/project', '/elsewhere', '/other']);
  });

  it('refuse what cannot be', () => {
    throws(() => options('check --embedded --database postgres://h/d'), /exclude each other/);
    throws(() => engineOptions({ database: '' }, '/project', []), /is its variable set/);
    throws(() => options('check --shadow nowhere'), /--shadow is auto, private/);
    throws(() => options('check --dir /not/there'), Fault);
  });
});

describe('the help', () => {
  it('lists every command, and every option that a command takes', () => {
    for (const command of commands) {
      equal(helpOfAll(commands).includes(`  ${command.name} `), true, command.name);
      for (const option of command.options) {
        equal(helpOf(command).includes(`--${option}`), true, `${command.name} --${option}`);
      }
    }
  });

  it('says of every command what its exit codes mean', () => {
    for (const command of commands)
      match(helpOf(command), /^Exit codes\n\n {2}0 {4}\S.*\n( {2}1 .*\n)? {2}2 .*\n {2}130 {2}cancelled$/m);
  });

  it('gives examples that can be read', () => {
    for (const { examples } of commands) {
      for (const example of examples) {
        const [program, ...words] = example.split(' ');
        equal(program, 'rehearsal');
        equal(readArguments(words, commands).kind, 'run', example);
      }
    }
  });

  it('keeps to the width of a terminal', () => {
    for (const text of [helpOfAll(commands), ...commands.map(helpOf)]) {
      deepEqual(
        text.split('\n').filter((line) => line.length > 120),
        [],
      );
    }
  });
});

it('a migration is named by its number, also where its version is more than that', () => {
  const version = '20250301120000_name_required';
  const name = layoutOf('prisma').readName(`${version}/migration.sql`);
  if (!name) throw new Error('no name');
  const migration = { version, title: 'name_required', upPath: undefined, downPath: undefined, name };
  const status = { version, title: 'name_required', state: 'pending', migration } as const;
  equal(migrationNamed('20250301120000', [status]), status);
});
