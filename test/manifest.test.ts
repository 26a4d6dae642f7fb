/** What package.json promises and what the code keeps are the same. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { usualDataLimit } from '../server/engine/projects/rowCopies';

interface Manifest {
  readonly main: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly icon: string;
  readonly engines: { readonly vscode: string };
  readonly activationEvents: readonly string[];
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly files?: unknown;
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly submenus: readonly { readonly id: string }[];
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly when?: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
    readonly grammars: readonly { readonly path: string }[];
  };
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: unknown; readonly restrictedConfigurations: readonly string[] };
  };
}

type MenuItem = { readonly when?: string } & ({ readonly command: string } | { readonly submenu: string });

interface Setting {
  readonly default: unknown;
  readonly description?: string;
  readonly markdownDescription?: string;
}

const read = (path: string): string => readFileSync(path, 'utf8');
const manifestText = read('package.json');
const manifest = JSON.parse(manifestText) as Manifest;
const { contributes } = manifest;
const words = JSON.parse(read('package.nls.json')) as Readonly<Record<string, string>>;

const sourcesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`${folder}/${name}`));

const client = sourcesUnder('client').join('\n');
const server = sourcesUnder('server').join('\n');
const commands = contributes.commands.map(({ command }) => command).toSorted();
const views = Object.values(contributes.views)
  .flat()
  .map(({ id }) => id)
  .toSorted();
const menuItems = Object.values(contributes.menus).flat();

/** Every text that the pattern's first group finds, each once, sorted. */
function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, it = '']) => it))].toSorted();
}

describe('package.json', () => {
  it('lists exactly the commands of client/commands, and all.ts registers each', () => {
    const files = readdirSync('client/commands').filter((name) =>
      /: Command = \{/.test(read(`client/commands/${name}`)),
    );
    const registered = found(read('client/commands/all.ts'), /from '\.\/(\w+)'/g);
    deepEqual(found(client, /^ {2}id: '(rehearsal\.\w+)'/gm), commands);
    deepEqual(
      files.filter((name) => !registered.includes(name.replace('.ts', ''))),
      [],
    );
    equal(files.length, commands.length);
  });

  it('knows every command that a fault, a code lens, a button or a link offers', () => {
    const offered = [
      ...found(`${client}${server}`, /(?:command|offers|chooseDatabase)\b[:=,\s]+'(rehearsal\.\w+)'/g),
      ...found(`${Object.values(words).join(' ')}${client}`, /command:(rehearsal\.\w+)/g),
    ];
    deepEqual(
      offered.filter((it) => !commands.includes(it)),
      [],
    );
  });

  it('lists exactly the views that the client fills', () => {
    deepEqual(found(client, /\b(?:createTreeView|registerTreeDataProvider|show)\('(rehearsal\.\w+)'/g), views);
  });

  it('declares exactly the settings that client/settings.ts reads, with the same defaults', () => {
    const reading = /\b(?:text|texts|count|flag|choice)\('(\w+)'(?:, ('[^']*'|[\d_]+|true|false))?/g;
    const inCode = [...read('client/settings.ts').matchAll(reading)].map(
      ([, name = '', value]) => [`rehearsal.${name}`, valueOf(value)] as const,
    );
    // The client library reads the trace level by itself; a limit that nobody has chosen is the engine's to decide;
    // layouts of single folders are read folder by folder; limits of snapshots and environments are objects.
    const others = [
      'trace.server',
      'shadowDataLimit',
      'layouts',
      'snapshotRetention',
      'requireIdempotent',
      'environments',
    ].map((it) => `rehearsal.${it}`);
    const declared = Object.entries(contributes.configuration.properties).filter(([name]) => !others.includes(name));
    equal(contributes.configuration.properties['rehearsal.shadowDataLimit']?.default, usualDataLimit);
    deepEqual(Object.fromEntries(inCode), Object.fromEntries(declared.map(([name, it]) => [name, it.default])));
    deepEqual(
      declared.filter(([, it]) => !it.description && !it.markdownDescription),
      [],
    );
  });

  it('shows in menus only commands and submenus that exist, under conditions that somebody sets', () => {
    const submenus = contributes.submenus.map(({ id }) => id);
    deepEqual(
      menuItems.filter((it) => ('command' in it ? !commands.includes(it.command) : !submenus.includes(it.submenu))),
      [],
    );
    deepEqual(
      submenus.filter((id) => !(id in contributes.menus)),
      [],
    );
    const conditions = [...menuItems, ...contributes.viewsWelcome].map(({ when }) => when ?? '').join('\n');
    const keys = found(conditions, /\brehearsal\.(\w+)/g).filter((it) => !views.includes(`rehearsal.${it}`));
    deepEqual(
      keys.filter((key) => !new RegExp(`^\\s+${key}[,:]`, 'm').test(read('client/projects.ts'))),
      [],
    );
    deepEqual(
      found(conditions, /\bview == (\S+)/g).filter((it) => !views.includes(it)),
      [],
    );
    deepEqual(
      contributes.viewsWelcome.filter(({ view }) => !views.includes(view)),
      [],
    );
  });

  it('speaks only through package.nls.json, which holds nothing else', () => {
    deepEqual(found(manifestText, /"%([\w.-]+)%"/g), Object.keys(words).toSorted());
    const spoken = contributes.commands.flatMap(({ title, category }) => [title, category]);
    deepEqual(
      spoken.filter((it) => !/^%.+%$/.test(it)),
      [],
    );
  });

  it('wakes the client for the languages it serves and for nothing wide', () => {
    const [, list = ''] = /export const languages = \[([^\]]+)\]/.exec(read('client/server.ts')) ?? [];
    const events = manifest.activationEvents;
    deepEqual(found(events.join('\n'), /^onLanguage:(\w+)$/gm), found(list, /'(\w+)'/g));
    deepEqual(
      events.filter((it) => !/^(onLanguage|workspaceContains):./.test(it)),
      [],
    );
  });

  it('names files that exist', () => {
    const icons = contributes.viewsContainers.activitybar.map(({ icon }) => icon);
    const paths = [manifest.icon, ...icons, ...contributes.grammars.map(({ path }) => path)];
    deepEqual(
      paths.filter((path) => !existsSync(path)),
      [],
    );
    deepEqual([manifest.main, manifest.bin['rehearsal']], ['./dist/client.js', 'dist/cli.js']);
  });

  it('takes every setting that leads to a connection or a program away from an untrusted workspace', () => {
    const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    equal(supported, 'limited');
    const risky = Object.keys(contributes.configuration.properties).filter(
      (it) => !/statementTimeout|inlayHints|requireIdempotent|trace/.test(it),
    );
    deepEqual(restrictedConfigurations.toSorted(), risky.toSorted());
  });

  it('is compiled against the oldest VS Code that it promises to run in', () => {
    equal(`^${manifest.devDependencies['@types/vscode']}`, manifest.engines.vscode);
  });
});

it('.vscodeignore shuts everything out and then names what ships', () => {
  const [first, ...others] = read('.vscodeignore').trim().split('\n');
  equal(first, '**');
  for (const line of others) match(line, /^!/);
  // vsce refuses to have both.
  equal(manifest.files, undefined);
});

it('the lockfile names the packages of every platform, and no registry', () => {
  const text = read('package-lock.json');
  const { packages } = JSON.parse(text) as {
    packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  );
  deepEqual(missing, []);
  equal(text.includes('"resolved": "http'), false);
});

function valueOf(literal: string | undefined): unknown {
  if (literal === undefined) return [];
  if (literal.startsWith("'")) return literal.slice(1, -1);
  return JSON.parse(literal.replaceAll('_', ''));
}
