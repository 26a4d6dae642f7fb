/**
 * Does `rehearsal check --all` agree with plain Postgres on real histories?
 *
 *     node --import=tsx test/real/compare.ts [--major 18] [--prelude setup.sql] [--shadow auto] folder…
 *
 * Each folder is replayed file by file on a plain database, and checked by the bundle dist/cli.js against an empty
 * one on the same server. They agree on a file when Postgres accepts it and there is no error finding, or when it
 * refuses it and there is an error on the refused statement. The prelude runs in both databases first.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { withConnection } from '../support/client';
import { withWorkspace } from '../support/commandLine';
import { type Major, majorOf, serverOf, servers, stopServers, withDatabase } from '../support/servers';
import { replay, type Replayed, toolOf } from './replay';

interface CheckedFile {
  readonly path: string;
  readonly findings: readonly { severity: string; line: number; column: number; message: string; code: string }[];
}

interface Row {
  readonly project: string;
  readonly tool: string;
  readonly files: number;
  readonly statements: number;
  readonly refused: number;
  readonly agree: number;
  readonly checkSeconds: number;
  readonly replaySeconds: number;
  readonly differences: readonly string[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    major: { type: 'string', default: String(servers.newest) },
    prelude: { type: 'string' },
    shadow: { type: 'string', default: 'auto' },
  },
});

void main();

async function main(): Promise<void> {
  const major = majorOf(values.major);
  try {
    await serverOf(major);
    const rows: Row[] = [];
    for (const folder of positionals) rows.push(await compare(resolve(folder), major));
    for (const { project, differences } of rows) for (const it of differences) console.log(`${project}: ${it}`);
    console.log('\n| project | tool | files | statements | refused | agreement | check s | replay s |');
    console.log('|---|---|---|---|---|---|---|---|');
    for (const it of rows) {
      const agreement = `${it.agree}/${it.files}`;
      console.log(
        `| ${[it.project, it.tool, it.files, it.statements, it.refused, agreement, it.checkSeconds, it.replaySeconds].join(' | ')} |`,
      );
    }
    if (rows.some((it) => it.differences.length > 0)) process.exitCode = 1;
  } finally {
    await stopServers();
  }
}

async function compare(folder: string, major: Major): Promise<Row> {
  const tool = toolOf(folder);
  const plain = await withDatabase(major, (url) =>
    withClient(url, (client) => timed(() => replay(folder, tool, client))),
  );
  const checked = await withDatabase(major, (url) => withClient(url, () => timed(() => check(folder, tool, url))));
  const differences = plain.result.flatMap((it) =>
    difference(
      it,
      checked.result.find(({ path }) => nameOf(path) === nameOf(it.file)),
    ),
  );
  return {
    project: folder.split('/').slice(-3).join('/'),
    tool,
    files: plain.result.length,
    statements: plain.result.reduce((sum, it) => sum + it.statements, 0),
    refused: plain.result.filter((it) => it.refused).length,
    agree: plain.result.length - differences.length,
    checkSeconds: checked.seconds,
    replaySeconds: plain.seconds,
    differences,
  };
}

/** With its folder, which alone has a name of its own with some tools. */
const nameOf = (path: string): string => join(basename(dirname(path)), basename(path));

function difference({ file, refused, down }: Replayed, checked: CheckedFile | undefined): readonly string[] {
  const name = nameOf(file);
  if (!checked) return [`${name}: not checked`];
  const findings = checked.findings.filter((it) => it.line < down);
  const errors = findings.filter((it) => it.severity === 'error');
  const telling = findings.filter((it) => it.severity === 'error' || it.code === 'not-rehearsed');
  const told = telling.map((it) => `${it.line}:${it.column} ${it.message}`).join('; ') || 'nothing';
  if (!refused) return errors.length === 0 ? [] : [`${name}: Postgres accepts it, we say ${told}`];
  if (errors.some((it) => refused.from <= it.line && it.line <= refused.to)) return [];
  return [
    `${name}: Postgres refuses ${refused.from}-${refused.to} (${refused.sqlState} ${refused.message}), we say ${told}`,
  ];
}

async function check(folder: string, tool: string, url: string): Promise<readonly CheckedFile[]> {
  return withWorkspace({}, async (workspace) => {
    const words = ['check', '--all', '--dir', folder, '--layout', tool, '--database', url, '--shadow', values.shadow];
    const { value, stderr } = await workspace.json(...words);
    const { files } = value as { files?: readonly CheckedFile[] };
    if (!files) throw new Error(stderr);
    return files;
  });
}

/** With the prelude run. */
const withClient = <T>(url: string, use: (client: Client) => Promise<T>): Promise<T> =>
  withConnection(url, async (client) => {
    if (values.prelude !== undefined) await client.query(readFileSync(values.prelude, 'utf8'));
    return use(client);
  });

async function timed<T>(action: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const started = performance.now();
  const result = await action();
  return { result, seconds: Math.round((performance.now() - started) / 100) / 10 };
}
