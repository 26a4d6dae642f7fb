/**
 * Makes the bundles in dist/ and puts the WebAssembly and data files beside them. Needs nothing but `npm ci`.
 *
 * `--production`: minified and without source maps, as it is shipped.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const production = process.argv.includes('--production');
const { resolve: locate } = createRequire(import.meta.url);

/**
 * Only PGlite and its tools ask for `import.meta.url` (to find the files beside them), and a CommonJS bundle has none:
 * they are told that they live in dist/pglite/. libpg-query looks beside `__dirname`, which is dist/ in a bundle.
 */
const importMetaUrl = `const importMetaUrl = require('node:url').pathToFileURL(__dirname + '/pglite/').href;`;

/** PGlite's extension modules stand one folder deeper than their archives; in dist/pglite/ all lie side by side. */
const extensionsBesidePglite = {
  name: 'extensions-beside-pglite',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]pglite[\\/]dist[\\/]contrib[\\/][^\\/]+\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('new URL("../', 'new URL("./'),
    }));
  },
};

/**
 * Extensions of PGlite in packages of their own, but for PostGIS: 20 MB, and built for an older engine. pg_textsearch
 * wants to be loaded before anybody asks for it.
 */
const extensionPackages = ['age', 'pg_hashids', 'pg_ivm', 'pg_uuidv7', 'pgtap', 'pgvector'];

const started = performance.now();
const bundles = [
  { from: 'client/extension.ts', to: 'client.js', external: ['vscode'] },
  { from: 'server/main.ts', to: 'server.js' },
  { from: 'server/cli/main.ts', to: 'cli.js', executable: true },
  { from: 'server/engine/database/embeddedWorker.ts', to: 'embedded.js' },
  { from: 'server/engine/database/dumpWorker.ts', to: 'dump.js' },
].filter(({ from }) => existsSync(join(root, from)));

// One that cannot be built does not keep the others back; esbuild has said why.
const broken = (await Promise.allSettled(bundles.map(bundle))).filter(({ status }) => status === 'rejected');
copyAssets();
await makeEmptyDatabase();
for (const { reason } of broken) if (!('errors' in reason)) console.error(reason);
if (broken.length > 0) process.exit(1);
console.log(`dist: ${bundles.map(({ to }) => to).join(', ')} in ${Math.round(performance.now() - started)} ms`);

async function bundle({ from, to, external = [], executable = false }) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [from],
    outfile: join(dist, to),
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Names stay as they are: they stand in messages of our own bugs, and to keep them by `keepNames` costs a call for
    // every closure that is made, five times the time of a scan.
    minifySyntax: production,
    minifyWhitespace: production,
    sourcemap: production ? false : 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    external: [...external, 'pg-native'],
    banner: { js: `${executable ? '#!/usr/bin/env node\n' : ''}${importMetaUrl}` },
    define: { 'import.meta.url': 'importMetaUrl' },
    plugins: [extensionsBesidePglite],
  });
  for (const { path, contents } of outputFiles) put(path, contents);
  if (production) rmSync(join(dist, `${to}.map`), { force: true });
  if (executable) chmodSync(join(dist, to), 0o755);
}

function copyAssets() {
  const pglite = dirname(locate('@electric-sql/pglite'));
  const tools = dirname(locate('@electric-sql/pglite-tools/pg_dump'));
  const parser = dirname(locate('libpg-query'));
  for (const name of ['pglite.wasm', 'pglite.data', 'initdb.wasm']) copy(join(pglite, name), 'pglite');
  const apart = extensionPackages.map((name) => dirname(locate(`@electric-sql/pglite-${name}`)));
  for (const folder of [pglite, ...apart])
    for (const name of readdirSync(folder)) if (name.endsWith('.tar.gz')) copy(join(folder, name), 'pglite');
  copy(join(tools, 'pg_dump.wasm'), 'pglite');
  copy(join(parser, 'libpg-query.wasm'), '.');
  const programs = join(root, 'server/programs');
  for (const name of readdirSync(programs).filter((it) => /\.(?:py|rb)$/.test(it)))
    copy(join(programs, name), 'programs');
}

/** A new embedded database is a copy of this one: to make one takes seconds. Made anew when its makers change. */
async function makeEmptyDatabase() {
  const worker = join(dist, 'embedded.js');
  if (!existsSync(worker)) return;
  const hash = createHash('sha256').update(readFileSync(join(dist, 'pglite/pglite.wasm')));
  for (const name of ['embeddedWorker.ts', 'embeddedInstance.ts', 'tar.ts'])
    hash.update(readFileSync(join(root, 'server/engine/database', name)));
  const key = hash.digest('hex');
  const [made, keyOfMade] = [join(dist, 'pglite/base.tar.gz'), join(dist, 'base.key')];
  if (existsSync(made) && existsSync(keyOfMade) && readFileSync(keyOfMade, 'utf8') === key) return;
  rmSync(made, { force: true });
  const resourceLimits = { stackSizeMb: 64 };
  const maker = new Worker(worker, { workerData: { assets: dist, make: true }, resourceLimits });
  const [bytes] = await once(maker, 'message');
  await maker.terminate();
  put(made, Buffer.from(bytes));
  put(keyOfMade, Buffer.from(key));
}

function copy(file, folder) {
  put(join(dist, folder, basename(file)), readFileSync(file));
}

/** Leaves an equal file alone and swaps in a changed one at once: a running server may be reading it. */
function put(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const made = `${path}.${process.pid}`;
  writeFileSync(made, contents);
  renameSync(made, path);
}
