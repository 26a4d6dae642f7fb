/** Another branch is checked out beside the editor: its database is offered, and exchanged by a click or by the command. */
import { equal, match } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Client } from 'pg';
import { commands, ConfigurationTarget, workspace } from 'vscode';
import {
  type Answer,
  answering,
  fileUri,
  messageOf,
  picking,
  press,
  projectIn,
  theExtension,
  typing,
  until,
} from './support';

const folder = 'billing/migrations';
/** URL of a database on a server whose role may make others. */
const url = process.env['REHEARSAL_TEST_DATABASE'];
const name = 'of_branches';

(url === undefined ? describe.skip : describe)('a database for each branch', () => {
  const own = Object.assign(new URL(url ?? 'postgres://nobody@localhost/none'), { pathname: `/${name}` }).href;

  before(async () => {
    await theExtension();
    await rows(`create database ${name}`);
    git('init', '-q');
    git('add', 'billing');
    git('commit', '-qm', 'main');
    await configure(true);
    await answering([picking('Enter Connection'), typing(own)], async () =>
      commands.executeCommand('rehearsal.chooseDatabase', await row()),
    );
  });

  after(async () => {
    await answering([picking('Embedded')], async () =>
      commands.executeCommand('rehearsal.chooseDatabase', await row()),
    );
    await configure(undefined);
    await workspace.fs.delete(fileUri('.git'), { recursive: true });
  });

  it('is offered after a checkout, and made by a click', async () => {
    await until('the mark of main', async () => ((await branch()) === 'main' ? true : undefined));
    const [seen, told] = once();
    const asked = await answering([press, seen], async () => {
      git('checkout', '-qb', 'feature');
      await until('the word of the switch', told);
    });
    equal(messageOf(asked[0]), `${name} is the database of main. feature is checked out, and has none yet.`);
    match(
      messageOf(asked[1]),
      /^of_branches is the database of the branch feature now, a copy of that of main \(\d+ ms\)\.$/,
    );
    equal(await branch(), 'feature');
  });

  it('stays when nobody wants the other one, which the command brings', async () => {
    const [seen, told] = once();
    const offered = await answering([seen], async () => {
      git('checkout', '-q', 'main');
      await until('the offer', told);
    });
    match(
      messageOf(offered[0]),
      /^of_branches is the database of feature\. main is checked out, and has one of its own\.$/,
    );
    equal(await branch(), 'feature');
    const asked = await answering([press], async () => commands.executeCommand('rehearsal.switchBranch', await row()));
    match(messageOf(asked[0]), /^Make of_branches@.* the database of the branch main\?$/);
    match(messageOf(asked[1]), /^of_branches is the database of the branch main now \(\d+ ms\)\.$/);
    equal(await branch(), 'main');
  });
});

const row = async () => ({ kind: 'project', project: await projectIn(folder) });

/** An answer that turns away, and whether it was asked for. */
function once(): readonly [Answer, () => true | undefined] {
  let asked: true | undefined;
  return [() => void (asked = true), () => asked];
}

const configure = (databasePerBranch: boolean | undefined): Thenable<void> =>
  workspace.getConfiguration('rehearsal').update('databasePerBranch', databasePerBranch, ConfigurationTarget.Workspace);

function git(...words: string[]): void {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main'];
  execFileSync('git', [...who, ...words], { cwd: fileUri('').fsPath, stdio: 'pipe' });
}

/** Whose database the target says that it is. */
async function branch(): Promise<unknown> {
  const [found] = await rows(
    `select shobj_description(oid, 'pg_database')::json->>'branch' as branch from pg_database where datname = '${name}'`,
  );
  return found?.['branch'];
}

async function rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: url! });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
