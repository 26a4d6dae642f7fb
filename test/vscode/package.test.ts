/** The packaged extension: what is in it, and that it works where nothing else of the project is. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readZip } from '../support/zip';

const root = resolve(__dirname, '../..');

describe('the packaged extension', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-vsix-'));
  const vsix = join(folder, 'rehearsal.vsix');
  let entries: Map<string, Buffer>;

  before(() => {
    run(['scripts/package.mjs', '--out', vsix], root);
    entries = readZip(vsix);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('holds exactly what ships', () => {
    const inExtension = [...entries.keys()].filter((name) => name.startsWith('extension/'));
    const names = inExtension.map((name) => name.replace('extension/', '')).toSorted();
    deepEqual(names, expected().toSorted());
  });

  it('holds no source maps, no paths of this machine', () => {
    for (const [name, contents] of entries) {
      if (!name.endsWith('.js')) continue;
      deepEqual([name, contents.includes('sourceMappingURL'), contents.includes(root)], [name, false, false]);
    }
  });

  it('checks migrations on the embedded Postgres from a folder of its own', () => {
    const unpacked = join(folder, 'unpacked');
    for (const [name, contents] of entries) {
      mkdirSync(dirname(join(unpacked, name)), { recursive: true });
      writeFileSync(join(unpacked, name), contents);
    }
    const workspace = join(folder, 'workspace');
    cpSync(join(__dirname, 'workspace'), workspace, { recursive: true });
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(unpacked, 'extension/dist/cli.js'), 'check', '--embedded', '--dir', 'db/migrations', '--format', 'json'],
      { cwd: workspace, encoding: 'utf8', env: { PATH: '', HOME: folder, REHEARSAL_HOME: join(folder, 'home') } },
    );
    match(stdout, /"message":\s*"column p\.price does not exist"/);
    equal(status, 1);
  });

  it('works in VS Code when it is installed by hand', () => {
    const output = run(['--import=tsx', 'test/vscode/runSuite.ts', '--vsix', vsix], root);
    match(output, /\n {2}0 failing\n/);
  });
});

const under = (name: string): string[] =>
  readdirSync(join(root, name), { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) =>
      join(it.parentPath, it.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    );

function expected(): string[] {
  const packages = ['', '-age', '-pg_hashids', '-pg_ivm', '-pg_uuidv7', '-pgtap', '-pgvector'];
  const folders = packages.map((it) => dirname(require.resolve(`@electric-sql/pglite${it}`)));
  const archives = folders.flatMap((it) => readdirSync(it).filter((name) => name.endsWith('.tar.gz')));
  return [
    'package.json',
    'package.nls.json',
    'REFERENCE.md',
    // vsce renames these three.
    'readme.md',
    'changelog.md',
    'LICENSE.txt',
    ...['client', 'server', 'cli', 'embedded', 'dump'].map((name) => `dist/${name}.js`),
    'dist/libpg-query.wasm',
    ...['pglite.wasm', 'pglite.data', 'initdb.wasm', 'pg_dump.wasm', 'base.tar.gz', ...archives].map(
      (name) => `dist/pglite/${name}`,
    ),
    ...readdirSync(join(root, 'server/programs'))
      .filter((name) => /\.(?:py|rb)$/.test(name))
      .map((name) => `dist/programs/${name}`),
    ...['l10n', 'media', 'syntaxes'].flatMap(under),
  ];
}

function run(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}
