/** The floor plan of ARCHITECTURE.md, kept true: what each room may import, and what each file looks like. */
import { deepEqual } from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { layouts } from '../server/engine/layouts/all';

/** From the ground up. A room imports rooms on lower floors and its own files; those on one floor do not know each other. */
const floors: readonly (readonly string[])[] = [
  ['server/engine/base', 'server/protocol'],
  ['server/engine/sql', 'server/engine/schema', 'server/engine/programs'],
  ['server/engine/layouts', 'server/engine/database'],
  [
    'server/engine/history',
    'server/engine/snapshots',
    'server/engine/probes',
    'server/engine/scripting',
    'server/engine/idempotence',
    'server/engine/rows',
  ],
  ['server/engine/shadow'],
  ['server/engine/rehearsal', 'server/engine/apply', 'server/engine/preview'],
  ['server/engine/bundle', 'server/engine/trial'],
  ['server/engine/projects'],
  ['server/engine/engine.ts'],
  ['server/world.ts'],
  ['server/language', 'server/cli'],
  ['server/main.ts'],
];

/** Types that all rooms of the engine share. */
const shared: readonly string[] = [
  'world',
  'project',
  'branches',
  'changes',
  'checks',
  'drifted',
  'environments',
  'finding',
  'trials',
  'verification',
].map((it) => `server/engine/${it}.ts`);

/** Packages that only some rooms may know. */
const privileges: Readonly<Record<string, readonly string[]>> = {
  pg: ['server/engine/database'],
  yaml: ['server/engine/base'],
  'smol-toml': ['server/engine/layouts'],
  '@electric-sql/pglite': ['server/engine/database'],
  '@electric-sql/pglite-tools': ['server/engine/database'],
  '@supabase/pg-delta': ['server/engine/scripting'],
  'libpg-query': ['server/engine/sql', 'server/engine/idempotence'],
  'sql-formatter': ['server/language'],
  vscode: ['client'],
  'vscode-languageclient': ['client'],
  'vscode-languageserver': ['server/language', 'server/main.ts'],
  'vscode-languageserver-textdocument': ['server/language', 'server/main.ts'],
  'vscode-languageserver-protocol': ['server/protocol'],
};

/** Files that may know each other, each with its reason. */
const knots: Readonly<Record<string, string>> = {};

const linesAtMost = 450;

describe('architecture', () => {
  const code = ['client', 'server'].flatMap((folder) => sourcesUnder(folder));
  const imports = code.flatMap(importsOf);

  it('every file of the server belongs to a room', () => {
    deepEqual(
      code.filter((file) => file.startsWith('server/') && !shared.includes(file) && roomOf(file) === undefined),
      [],
    );
  });

  it('imports go down, and the client sees only the protocol', () => {
    deepEqual(
      imports.filter(({ from, to }) => to !== undefined && !allowed(from, to)).map(({ from, to }) => `${from} → ${to}`),
      [],
    );
  });

  it('no file imports itself by way of others', () => {
    deepEqual(
      knotted(imports).filter((file) => !(file in knots)),
      [],
    );
  });

  it('no tool is named but where its layout and its history are: what is special about one is a property of these', () => {
    const rooms = ['server/engine/layouts', 'server/engine/history'];
    const isName = new RegExp(`'(?:${layouts.map(({ name }) => name).join('|')})'`);
    deepEqual(
      code.filter(
        (file) =>
          file.startsWith('server/') &&
          !rooms.some((room) => isIn(file, room)) &&
          isName.test(readFileSync(file, 'utf8')),
      ),
      [],
    );
  });

  it('a package stays in the rooms it was let into', () => {
    const strays = imports.filter(({ from, name }) => privileges[name]?.every((room) => !isIn(from, room)));
    deepEqual(
      strays.map(({ from, name }) => `${from} → ${name}`),
      [],
    );
  });

  it('what ships depends on declared dependencies only, and on each of them', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
    const packages = new Set(
      imports.filter(({ to, name }) => to === undefined && name !== 'vscode').map((it) => it.name),
    );
    deepEqual(
      {
        undeclared: [...packages].filter((name) => !builtinModules.includes(name) && !(name in dependencies)),
        unused: Object.keys(dependencies).filter((name) => !packages.has(name)),
      },
      { undeclared: [], unused: [] },
    );
  });

  it('ARCHITECTURE.md names only what exists, and every package that ships', () => {
    const text = readFileSync('ARCHITECTURE.md', 'utf8');
    const named = [...text.matchAll(/`((?:client|server|test|scripts|syntaxes|examples)\/[^`*<…]*)`/g)].map(
      ([, it = '']) => it,
    );
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
    deepEqual(
      {
        gone: named.filter((path) => !existsSync(path)),
        unexplained: Object.keys(dependencies).filter((name) => !text.includes(`\`${name}\``)),
      },
      { gone: [], unexplained: [] },
    );
  });

  const all = [...code, ...sourcesUnder('test'), ...sourcesUnder('scripts')];

  it('the first thing in a file says what it is for', () => {
    deepEqual(
      all.filter((file) => !/^(#!.*\n)?\/\*\*\s+\S/.test(readFileSync(file, 'utf8'))),
      [],
    );
  });

  it(`a file has at most ${linesAtMost} lines`, () => {
    deepEqual(
      all.filter((file) => readFileSync(file, 'utf8').trimEnd().split('\n').length > linesAtMost),
      [],
    );
  });

  it('nothing is exported by default', () => {
    deepEqual(
      code.filter((file) => /^export default\b/m.test(readFileSync(file, 'utf8'))),
      [],
    );
  });
});

function allowed(from: string, to: string): boolean {
  if (isIn(from, 'client')) return isIn(to, 'client') || isIn(to, 'server/protocol');
  if (shared.includes(to) || shared.includes(from)) return isIn(to, 'server');
  return floorOf(to) < floorOf(from) || roomOf(from) === roomOf(to);
}

const isIn = (file: string, room: string): boolean => file === room || file.startsWith(`${room}/`);
const roomOf = (file: string): string | undefined => floors.flat().find((room) => isIn(file, room));
const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.some((room) => isIn(file, room)));

interface Import {
  readonly from: string;
  /** The package, without a path inside it; `fs` for `node:fs`; the text itself for one of our own files. */
  readonly name: string;
  /** The file, when it is one of ours. */
  readonly to: string | undefined;
}

function importsOf(from: string): Import[] {
  const text = readFileSync(from, 'utf8');
  const pattern = /^(?:import|export)\s(?:[^;'"]*\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)|\brequire\('([^']+)'\)/gm;
  return [...text.matchAll(pattern)].map(([, first, second, third]) => {
    const name = first ?? second ?? third ?? '';
    return name.startsWith('.')
      ? { from, name, to: posix.join(posix.dirname(from), name.replace(/\.ts$/, '').concat('.ts')) }
      : { from, name: packageOf(name), to: undefined };
  });
}

function packageOf(name: string): string {
  const [first = '', second = ''] = name.replace(/^node:/, '').split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/** The files that are left when those that import nothing, and those that nobody imports, are taken away until none is. */
function knotted(imports: readonly Import[]): string[] {
  let edges = imports.filter(({ to }) => to !== undefined);
  for (;;) {
    const importers = new Set(edges.map(({ from }) => from));
    const imported = new Set(edges.map(({ to }) => to));
    const left = edges.filter(({ from, to }) => imported.has(from) && to !== undefined && importers.has(to));
    if (left.length === edges.length) return [...importers].toSorted();
    edges = left;
  }
}

function sourcesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => /\.(ts|mts|mjs)$/.test(name) && !name.includes('/node_modules/'));
}
