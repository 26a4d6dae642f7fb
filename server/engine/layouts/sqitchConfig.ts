/**
 * sqitch's configuration, and where it says that a project has its plan and its scripts.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch/Target.pm, lib/App/Sqitch/Config.pm; the format is that of git's
 * configuration, as Config::GitLike reads it.
 */
import { posix } from 'node:path';
import { foldersAbove } from './above';
import type { FolderContents, NamedDatabase } from './layout';

/** By `section.subsection.name`; section and name are in lower case. */
export type SqitchConfig = ReadonlyMap<string, string>;

/** Relative to the folder that the plan lies in, with `/` between. */
export interface SqitchPlaces {
  readonly plan: string;
  readonly deploy: string;
  readonly revert: string;
  readonly verify: string;
  /** Of changes that were reworked since. */
  readonly reworked: { readonly deploy: string; readonly revert: string; readonly verify: string };
  /** Without its dot. */
  readonly extension: string;
}

/** What a project is told, and by whom. */
export interface SqitchSettings {
  readonly config: SqitchConfig;
  readonly places: SqitchPlaces;
  /** How the path of the folder ends: that of another engine may lie beside it, with the same plan. */
  readonly home: string;
}

/** Where a `sqitch.conf` is looked for: in the folder of the plan and above it, since `top_dir` may be below. */
export const configurationFiles: readonly string[] = ['', ...foldersAbove(3)].map((up) => `${up}sqitch.conf`);

export const usualPlaces: SqitchPlaces = {
  plan: 'sqitch.plan',
  deploy: 'deploy',
  revert: 'revert',
  verify: 'verify',
  reworked: { deploy: 'deploy', revert: 'revert', verify: 'verify' },
  extension: 'sql',
};

/**
 * The settings of the project whose plan lies in a folder.
 *
 * @param read as FolderContents.read, of that folder
 * @param others further configuration, which that of the project goes before
 * @returns undefined when none of sqitch's plans for Postgres lies there
 */
export function sqitchSettingsIn(
  read: FolderContents['read'],
  others: readonly (string | undefined)[] = [],
): SqitchSettings | undefined {
  for (const configFile of configurationFiles) {
    const text = read(configFile);
    if (text === undefined) continue;
    const config = sqitchConfigOf([...others, text]);
    const places = isForPostgres(config) ? placesIn(config, configFile.split('../').length - 1, read) : undefined;
    return places && { config, ...places };
  }
  const config = sqitchConfigOf(others);
  return read(usualPlaces.plan) === undefined ? undefined : { config, places: usualPlaces, home: '' };
}

/** @param texts each goes before those that stand before it */
export function sqitchConfigOf(texts: readonly (string | undefined)[]): SqitchConfig {
  const values = new Map<string, string>();
  for (const text of texts) if (text !== undefined) readInto(values, text);
  return values;
}

/**
 * As sqitch takes it for a target: what is said of it, else of the engine, else for all.
 *
 * @param key `registry`, `top_dir`…
 */
export function sqitchValue(config: SqitchConfig, key: string): string | undefined {
  const target = targetOf(config);
  const own = target === undefined || target.includes(':') ? undefined : config.get(`target.${target}.${key}`);
  return own || config.get(`engine.pg.${key}`) || config.get(`core.${key}`) || undefined;
}

/** That of the target, unless psql would take the user's own one. */
export function sqitchDatabase(config: SqitchConfig): NamedDatabase | undefined {
  const target = targetOf(config);
  if (target === undefined) return undefined;
  const isUri = target.includes(':');
  const uri = isUri ? target : config.get(`target.${target}.uri`);
  const [, place] = /^(?:db:)?(?:pg|postgres|postgresql|pgsql):(.+)$/is.exec(uri ?? '') ?? [];
  if (place === undefined) return undefined;
  return {
    connection: place.startsWith('//') ? `postgres:${place}` : `postgres:///${place}`,
    source: `${isUri ? 'the target' : `target ${target}`} in sqitch.conf`,
  };
}

const engineOf = (config: SqitchConfig): string | undefined => config.get('core.engine')?.trim();

function targetOf(config: SqitchConfig): string | undefined {
  const engine = engineOf(config);
  const common = engine === undefined || engine === 'pg' ? config.get('core.target') : undefined;
  return common ?? config.get('engine.pg.target');
}

function isForPostgres(config: SqitchConfig): boolean {
  const engine = engineOf(config);
  if (engine === 'pg' || [...config.keys()].some((key) => key.startsWith('engine.pg.'))) return true;
  const target = config.get('core.target');
  if (target === undefined) return engine === undefined;
  const uri = target.includes(':') ? target : (config.get(`target.${target}.uri`) ?? '');
  return /^(?:db:)?(?:pg|postgres|postgresql|pgsql):/i.test(uri);
}

/** @param depth folders between that of the configuration and that of the plan */
function placesIn(
  config: SqitchConfig,
  depth: number,
  read: FolderContents['read'],
): Pick<SqitchSettings, 'places' | 'home'> | undefined {
  const value = (key: string): string | undefined => sqitchValue(config, key);
  const top = value('top_dir') ?? '.';
  const planFile = posix.normalize(value('plan_file') ?? posix.join(top, usualPlaces.plan));
  const home = posix.dirname(planFile);
  const plan = posix.basename(planFile);
  const steps = home === '.' ? 0 : home.split('/').length;
  const text = read(plan);
  // A folder of that name may lie at the same depth elsewhere.
  if (text === undefined || steps !== depth || read(`${'../'.repeat(depth)}${planFile}`) !== text) return undefined;
  const reworked = value('reworked_dir') ?? top;
  const from = (dir: string): string => posix.relative(home, dir) || '.';
  const dirOf = (key: string, name: string, above: string): string => from(value(key) ?? posix.join(above, name));
  const places = {
    plan,
    deploy: dirOf('deploy_dir', 'deploy', top),
    revert: dirOf('revert_dir', 'revert', top),
    verify: dirOf('verify_dir', 'verify', top),
    reworked: {
      deploy: dirOf('reworked_deploy_dir', 'deploy', reworked),
      revert: dirOf('reworked_revert_dir', 'revert', reworked),
      verify: dirOf('reworked_verify_dir', 'verify', reworked),
    },
    extension: value('extension') ?? usualPlaces.extension,
  };
  return { places, home: home === '.' ? '' : `/${home}` };
}

const section = /^\[([^\s[\]"]+)(?:[\t ]*"((?:[^"\\\n]|\\.)*)")?\]/;
const entry = /^([^[=\n#;][^=\n]*?)[\t ]*(?:=[\t ]*|(?=[#;\r\n]|$))/;

/** What cannot be read ends it, as it ends sqitch. */
function readInto(values: Map<string, string>, text: string): void {
  let rest = text;
  let head: string | undefined;
  for (;;) {
    rest = rest.replace(/^(?:\s|[#;].*)+/, '');
    const [header, name, subsection] = section.exec(rest) ?? [];
    if (header !== undefined && name !== undefined) {
      head = [name.toLowerCase(), ...(subsection ? [subsection.replaceAll(/\\(.)/g, '$1')] : [])].join('.');
      rest = rest.slice(header.length);
      continue;
    }
    const [begin, key] = entry.exec(rest) ?? [];
    if (begin === undefined || key === undefined || head === undefined) return;
    const { value, length } = valueAt(rest.slice(begin.length));
    values.set(`${head}.${key.toLowerCase()}`, begin.includes('=') ? value : 'true');
    rest = rest.slice(begin.length + length);
  }
}

/** Words, quoted or not, up to the end of the line or a comment; white space between them is one blank. */
const valuePart = /^(?:([\t ]+)|\\\r?\n|\\(.)|"((?:[^"\\]|\\[^])*)"|([^\s\\"]+))/;

function valueAt(text: string): { readonly value: string; readonly length: number } {
  let [value, at] = ['', 0];
  for (;;) {
    const rest = text.slice(at);
    const [part, blank, escaped, quoted, plain] = valuePart.exec(rest) ?? [];
    if (part === undefined || /^[\t ]*(?:[#;]|\r?\n|$)/.test(rest)) return { value, length: at };
    value += blank === undefined ? (plain ?? escapedText(escaped === undefined ? quoted : `\\${escaped}`)) : ' ';
    at += part.length;
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b', '\n': '' };

const escapedText = (text = ''): string => text.replaceAll(/\\([^])/g, (_, it: string) => escapes[it] ?? it);
