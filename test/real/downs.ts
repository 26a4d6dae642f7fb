/**
 * Are the verdicts of `rehearsal verify` right? On real histories that have down scripts, beside another opinion.
 *
 *     node --import=tsx test/real/downs.ts [--major 15] [--prelude setup.sql] [--pg-dump pg_dump] folder…
 *
 * Each migration is run up and down on a copy of a plain database in the state before it, and what an installed pg_dump
 * says before and afterwards is compared as text: settings and comments left out, the columns of each table in one order.
 * Nothing of ours is in that but the reading of files in test/real/replay.ts.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { loadModule, parseSync } from 'libpg-query';
import { type Client, DatabaseError } from 'pg';
import { withConnection } from '../support/client';
import { withWorkspace } from '../support/commandLine';
import { asAdmin, binariesOf, majorOf, serverOf, stopServers, type TestServer } from '../support/servers';
import { replayOne, type ToolName, toolOf, type Up, upsIn } from './replay';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    major: { type: 'string', default: '15' },
    prelude: { type: 'string' },
    'pg-dump': { type: 'string', default: 'pg_dump' },
  },
});

/** As far as the other opinion goes: of rows it says nothing. */
type Opinion = 'back' | 'other schema' | 'fails' | 'missing' | 'rows at most' | 'untried';

/** The verdicts that agree with it. Of what changes nothing but rows, and has no way back, only we can say more. */
const agreeing: Readonly<Record<Opinion, readonly string[]>> = {
  back: ['exact', 'loses'],
  'other schema': ['different'],
  fails: ['fails'],
  missing: ['missing'],
  'rows at most': ['exact', 'missing'],
  untried: ['untried'],
};

interface Judged {
  readonly name: string;
  readonly opinion: Opinion;
}

interface Told {
  readonly name: string;
  readonly kind: string;
  readonly withRows: boolean;
}

void main();

async function main(): Promise<void> {
  await loadModule();
  const server = await serverOf(majorOf(values.major));
  try {
    const lines: string[] = [];
    for (const folder of positionals) lines.push(await row(resolve(folder), server));
    console.log(
      '\n| project | tool | migrations | exact | loses rows | other schema | fails | no down | untried | fails with rows | agreement |',
    );
    console.log(`|---|---|---|---|---|---|---|---|---|---|---|\n${lines.join('\n')}`);
  } finally {
    await stopServers();
  }
}

async function row(folder: string, server: TestServer): Promise<string> {
  const tool = toolOf(folder);
  // First, for roles that are made by a replay stay on the server.
  const told = await verdicts(folder, tool, server);
  const judged = await judge(folder, tool, server);
  const ours = new Map(told.map((it) => [it.name, it]));
  const apart = judged.filter(({ name, opinion }) => !agreeing[opinion].includes(ours.get(name)?.kind ?? ''));
  for (const { name, opinion } of apart) console.log(`${folder}: ${name}: ${opinion}, we say ${ours.get(name)?.kind}`);
  if (apart.length > 0) process.exitCode = 1;
  const count = (kind: string) => told.filter((it) => it.kind === kind).length;
  const counts = ['exact', 'loses', 'different', 'fails', 'missing', 'untried'].map(count);
  const withRows = told.filter((it) => it.withRows).length;
  const agreement = `${judged.length - apart.length}/${judged.length}`;
  return `| ${[folder.split('/').slice(-3).join('/'), tool, told.length, ...counts, withRows, agreement].join(' | ')} |`;
}

async function judge(folder: string, tool: ToolName, server: TestServer): Promise<Judged[]> {
  const files = new Map<string, Up[]>();
  for (const up of upsIn(folder, tool)) files.set(up.file, [...(files.get(up.file) ?? []), up]);
  const judged: Judged[] = [];
  await create(server, 'judge_base', 'template0');
  if (values.prelude !== undefined) await on(server, 'judge_base', readFileSync(values.prelude, 'utf8'));
  let before = await dump(server, 'judge_base');
  for (const [file, ups] of files) {
    const downs = downsOf(file, tool, ups);
    await create(server, 'judge_tried', 'judge_base');
    const opinion = await withConnection(server.url('judge_tried'), (client) => tried(client, ups, downs));
    const after = opinion === 'back' || opinion === 'missing' ? await dump(server, 'judge_tried') : before;
    const isSame = after === before;
    judged.push({
      name: nameOf(file),
      opinion:
        opinion === 'back' && !isSame ? 'other schema' : opinion === 'missing' && isSame ? 'rows at most' : opinion,
    });
    await drop(server, 'judge_tried');
    await withConnection(server.url('judge_base'), async (client) => {
      for (const up of ups) await replayOne(up, client);
    });
    before = await dump(server, 'judge_base');
  }
  await drop(server, 'judge_base');
  return judged;
}

async function tried(client: Client, ups: readonly Up[], downs: readonly Down[]): Promise<Opinion> {
  for (const up of ups) if ((await replayOne(up, client)).refused) return 'untried';
  await client.query('discard all');
  const statements = downs.filter(({ sql }) => !isEmpty(sql));
  for (const { sql, inTransaction } of statements)
    if (!(await runs(client, inTransaction ? `begin;${sql}\n;commit` : sql))) return 'fails';
  return statements.length === 0 ? 'missing' : 'back';
}

async function runs(client: Client, sql: string): Promise<boolean> {
  try {
    await client.query(sql);
    return true;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return false;
  }
}

interface Down {
  readonly sql: string;
  readonly inTransaction: boolean;
}

function downsOf(file: string, tool: ToolName, ups: readonly Up[]): readonly Down[] {
  const inTransaction = ups.every((it) => it.inTransaction);
  const beside = (path: string, together: boolean) =>
    existsSync(path) ? [{ sql: readFileSync(path, 'utf8'), inTransaction: together }] : [];
  const whole = ups[0]?.whole ?? '';
  switch (tool) {
    case 'diesel':
      return beside(join(dirname(file), 'down.sql'), inTransaction);
    case 'golang-migrate':
      return beside(file.replace(/\.up\.sql$/, '.down.sql'), false);
    case 'sqlx':
      return beside(file.replace(/\.up\.sql$/, '.down.sql'), inTransaction);
    case 'goose': {
      const at = whole.search(/^-- \+goose down/im);
      return at < 0 ? [] : [{ sql: whole.slice(at), inTransaction }];
    }
    case 'dbmate': {
      const [, options = '', sql = ''] = /^--\s*migrate:down(.*)$([^]*)/m.exec(whole) ?? [];
      return [{ sql, inTransaction: !/transaction:false/.test(options) }];
    }
    default:
      return [];
  }
}

/** What Postgres's grammar cannot read is no empty text. */
function isEmpty(sql: string): boolean {
  // The parser throws at a text of no length.
  if (sql.trim() === '') return true;
  try {
    return (parseSync(sql).stmts ?? []).length === 0;
  } catch (error) {
    if (error instanceof Error && error.name === 'SqlError') return false;
    throw error;
  }
}

const nameOf = (path: string): string => join(basename(dirname(path)), basename(path));

async function verdicts(folder: string, tool: ToolName, server: TestServer): Promise<Told[]> {
  await create(server, 'judge_target', 'template0');
  if (values.prelude !== undefined) await on(server, 'judge_target', readFileSync(values.prelude, 'utf8'));
  try {
    return await withWorkspace({}, async ({ json }) => {
      const where = ['--dir', folder, '--layout', tool, '--database', server.url('judge_target')];
      const binaries = ['--shadow', 'private', '--postgres-binaries', binariesOf(server.major)];
      const { value, stderr } = await json('verify', '--all', ...where, ...binaries);
      const { projects } = value as {
        projects?: readonly { migrations: readonly { path: string; verdict: { kind: string; withRows?: object } }[] }[];
      };
      if (!projects) throw new Error(stderr);
      return projects.flatMap(({ migrations }) =>
        migrations.map(({ path, verdict }) => ({
          name: nameOf(path),
          kind: verdict.kind,
          withRows: verdict.withRows !== undefined,
        })),
      );
    });
  } finally {
    await drop(server, 'judge_target');
  }
}

async function dump({ host, port, user, password }: TestServer, database: string): Promise<string> {
  const words = ['--schema-only', '-h', host, '-p', String(port), '-U', user, database];
  const env = { ...process.env, PGPASSWORD: password };
  const { stdout } = await promisify(execFile)(values['pg-dump'], words, { env, maxBuffer: 2 ** 28 });
  return stdout
    .replaceAll(/^(?:--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(?:un)?restrict .*)$\n/gm, '')
    .replaceAll(/\n{2,}/g, '\n')
    .replaceAll(
      /^(CREATE (?:UNLOGGED )?TABLE .* \()\n([^]*?)\n(\).*;)$/gm,
      (_, head: string, body: string, tail: string) =>
        [
          head,
          ...body
            .split('\n')
            .map((it) => it.replace(/,$/, ''))
            .toSorted(),
          tail,
        ].join('\n'),
    );
}

const create = (server: TestServer, name: string, template: string): Promise<void> =>
  asAdmin(server, `create database ${name} template ${template}`);
const drop = (server: TestServer, name: string): Promise<void> => asAdmin(server, `drop database ${name} with (force)`);
const on = (server: TestServer, name: string, sql: string): Promise<unknown> =>
  withConnection(server.url(name), (client) => client.query(sql));
