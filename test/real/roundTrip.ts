/**
 * Applies and reverts a real history of dbmate through the command line, with dbmate itself as the judge.
 *
 *     node --import=tsx test/real/roundTrip.ts [--major 18] folder…
 *
 * Left out are files that this server refuses (an extension that is not installed), and those that need them. Each
 * down section gets a statement more, which does nothing: an empty one is no way back, and is refused.
 * Then: everything pending, apply, everything applied, revert all, everything pending.
 */
import { equal, ok } from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { withConnection } from '../support/client';
import { withWorkspace, type Workspace } from '../support/commandLine';
import { runDbmate } from '../support/dbmate';
import { type Major, majorOf, servers, stopServers, withDatabase } from '../support/servers';
import { replay } from './replay';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { major: { type: 'string', default: String(servers.newest) } },
});

void main();

async function main(): Promise<void> {
  const major = majorOf(values.major);
  try {
    for (const folder of positionals) await roundTrip(resolve(folder), major);
  } finally {
    await stopServers();
  }
}

/** Again without the file, as long as there is a down script that Postgres refuses. */
async function roundTrip(folder: string, major: Major): Promise<void> {
  const oneWay: string[] = [];
  for (;;) {
    const { count, left, refused, behind } = await withDatabase(major, (url) =>
      withWorkspace({}, (workspace) => upAndDown(folder, oneWay, workspace, url, major), { DATABASE_URL: url }),
    );
    if (refused !== undefined) oneWay.push(refused);
    else {
      console.log(`${folder}: ${count} files applied and reverted, dbmate agrees; ${left} left out`);
      if (oneWay.length > 0) console.log(`  downs that Postgres refuses: ${oneWay.join(', ')}`);
      return console.log(`  left behind by the downs: ${behind.join(', ') || 'nothing'}`);
    }
  }
}

interface Outcome {
  readonly count: number;
  readonly left: number;
  /** Version whose down script was refused. */
  readonly refused: string | undefined;
  /** Objects that were not there before. */
  readonly behind: readonly string[];
}

async function upAndDown(
  folder: string,
  without: readonly string[],
  workspace: Workspace,
  url: string,
  major: Major,
): Promise<Outcome> {
  const mine = workspace.path('migrations');
  mkdirSync(mine);
  const names = readdirSync(folder).filter(
    (it) => it.endsWith('.sql') && !without.some((version) => it.startsWith(version)),
  );
  for (const name of names) {
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(mine, name), /^--\s*migrate:down/m.test(text) ? `${text}\nselect 1;\n` : text);
  }
  const left = (await leaveOut(mine, major)) + without.length;
  const before = await objectsIn(url);
  const count = readdirSync(mine).length;
  await agree(workspace, url, { applied: 0, pending: count });

  const applied = await workspace.run('apply', '--yes', '--no-rehearsal');
  equal(applied.code, 0, `${applied.stdout}${applied.stderr}`);
  await agree(workspace, url, { applied: count, pending: 0 });

  const { code, value, stderr } = await workspace.json('revert', '--yes', '--count', String(count));
  ok(code === 0 || code === 1, stderr);
  const { version } = value as { version?: string };
  await agree(workspace, url, code === 0 ? { applied: 0, pending: count } : undefined);
  const after = await objectsIn(url);
  return { count, left, refused: version, behind: after.filter((it) => !before.includes(it)) };
}

/** @returns how many */
async function leaveOut(folder: string, major: Major): Promise<number> {
  for (let left = 0; ; ) {
    const done = await withDatabase(major, (url) => withConnection(url, (client) => replay(folder, 'dbmate', client)));
    const refused = done.filter((it) => it.refused);
    if (refused.length === 0) return left;
    for (const { file } of refused) rmSync(file);
    left += refused.length;
  }
}

interface Count {
  readonly applied: number;
  readonly pending: number;
}

/** What our status says, file by file, is what dbmate says. */
async function agree(workspace: Workspace, url: string, expected: Count | undefined): Promise<void> {
  const { value } = await workspace.json('status');
  const { projects } = value as { projects: readonly { migrations: readonly { path: string; state: string }[] }[] };
  const ours = (projects[0]?.migrations ?? []).map(
    ({ path, state }) => `${state === 'applied' ? '[X]' : '[ ]'} ${basename(path)}`,
  );
  const { output } = await runDbmate(workspace.folder, url, 'status');
  const theirs = output.split('\n').filter((line) => /^\[[X ]\]/.test(line));
  equal(ours.join('\n'), theirs.join('\n'));
  const count = {
    applied: theirs.filter((it) => it.startsWith('[X]')).length,
    pending: theirs.filter((it) => it.startsWith('[ ]')).length,
  };
  if (expected) equal(JSON.stringify(count), JSON.stringify(expected));
}

/** Names of what a user made, without the history table. */
async function objectsIn(url: string): Promise<readonly string[]> {
  const own = (oid: string, schema: string) =>
    `n.oid = ${schema} and n.nspname !~ '^pg_|^information_schema$'
      and not exists (select from pg_depend d where d.objid = ${oid} and d.deptype = 'e')`;
  const sql = `
    select n.nspname || '.' || c.relname as name from pg_class c, pg_namespace n
    where ${own('c.oid', 'c.relnamespace')} and c.relname !~ '^schema_migrations'
    union all select n.nspname || '.' || p.proname from pg_proc p, pg_namespace n where ${own('p.oid', 'p.pronamespace')}
    union all select n.nspname || '.' || t.typname from pg_type t, pg_namespace n
    where ${own('t.oid', 't.typnamespace')} and t.typtype in ('e', 'd')
    union all select 'extension ' || extname from pg_extension
    order by 1`;
  return withConnection(url, async (client) => (await client.query<{ name: string }>(sql)).rows.map((it) => it.name));
}
