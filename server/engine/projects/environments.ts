/**
 * Which environments does a folder of migrations have? Those of the setting, and those of a file in the repository that
 * both faces read: `.rehearsal/environments.json`, in the folder of the migrations or above it.
 */
import { join } from 'node:path';
import { Fault } from '../base/fault';
import { isObject, jsonIn } from '../base/json';
import { suggestion } from '../base/nearest';
import { withoutPassword } from '../database/candidates';
import { isUrl } from '../database/connectionString';
import type { Database } from '../database/database';
import { type ConnectionParameters, idOf, withPassword } from '../database/parameters';
import { type EnvironmentInfo, environmentRoles } from '../environments';
import type { EngineOptions } from '../project';
import type { World } from '../world';
import { connectionOf, foldersUpTo, serverTarget, type Target, type TargetUse, variablesAround } from './target';

const environmentsFile = '.rehearsal/environments.json';

export interface Environment {
  readonly info: EnvironmentInfo;
  readonly at:
    | { readonly kind: 'connection'; readonly text: string }
    /** Of the environment, or of the `.env` that is nearest. */
    | { readonly kind: 'variable'; readonly variable: string };
}

/**
 * In the order in which they are written; of two with one name the one of the setting, else the one that is nearer.
 *
 * @throws {Fault} `bad-environments`, `not-readable`
 */
export function environmentsOf(folder: string, options: EngineOptions, { files }: World): readonly Environment[] {
  const found = new Map<string, Environment>();
  const add = (list: readonly Environment[]): void => {
    for (const it of list) if (!found.has(it.info.name)) found.set(it.info.name, it);
  };
  if (options.environments !== undefined) add(environmentsIn(options.environments, 'rehearsal.environments'));
  for (const at of foldersUpTo(folder, options.roots)) {
    const path = join(at, environmentsFile);
    const text = files.read(path);
    if (text === undefined) continue;
    const written = jsonIn(text);
    if (written === undefined) throw new Fault('bad-environments', `${path} is no JSON.`);
    add(environmentsIn(written, environmentsFile));
  }
  return [...found.values()];
}

/** @throws {Fault} `no-such-environment`, `bad-environments`, `bad-connection-settings`, `not-readable` */
export function environmentTarget(
  folder: string,
  name: string,
  options: EngineOptions,
  world: World,
  use: TargetUse,
): Target {
  const all = environmentsOf(folder, options, world);
  const environment = all.find(({ info }) => info.name === name);
  if (!environment) throw new Fault('no-such-environment', unknown(name, all));
  const { info } = environment;
  const around = variablesAround(folder, options, world);
  const parameters = parametersOf(environment, { ...around.dotenv, ...world.environment }, options, world);
  const target = serverTarget(
    info.readOnly ? readingOnly(parameters) : parameters,
    `environment ${name} in ${info.source}`,
    around,
    { world, use },
  );
  const named: Target = { ...target, info: { ...target.info, environment: info } };
  return info.readOnly ? guarded(named) : named;
}

const unknown = (name: string, all: readonly Environment[]): string => {
  const names = all.map(({ info }) => info.name);
  if (names.length === 0) return `${name}; none is configured in rehearsal.environments or ${environmentsFile}.`;
  return `${name}${suggestion(name, names) || `; there are ${names.join(', ')}.`}`;
};

function parametersOf(
  { at, info: { name, source } }: Environment,
  variables: Readonly<Record<string, string | undefined>>,
  options: EngineOptions,
  world: World,
): ConnectionParameters {
  const text = at.kind === 'connection' ? at.text : variables[at.variable];
  if (!text)
    throw new Fault(
      'bad-connection-settings',
      `environment ${name} is named by the variable ${at.kind === 'variable' ? at.variable : ''} (${source}), which is not set.`,
    );
  const parameters = connectionOf(text, world);
  const password = at.kind === 'connection' ? options.environmentPasswords?.[idOf(parameters)] : undefined;
  return password === undefined ? parameters : withPassword(parameters, password);
}

/** Every session begins so, those of dumps and of looks at the server too. */
const readingOnly = (parameters: ConnectionParameters): ConnectionParameters => ({
  ...parameters,
  settings: { ...parameters.settings, default_transaction_read_only: 'on' },
});

/** A script could set the session to write: no session is opened that would run one. */
function guarded(target: Target): Target {
  if (target.kind === 'embedded') return target;
  const { sibling } = target;
  const guard = (database: Database): Database => ({
    ...database,
    open: (purpose, signal) =>
      purpose === 'write' ? Promise.reject(readOnlyFault(target)) : database.open(purpose, signal),
  });
  return { ...target, database: guard(target.database), sibling: (name) => guard(sibling(name)) };
}

export const readOnlyFault = ({ info }: Target): Fault =>
  new Fault('read-only-target', `${info.label}, environment ${info.environment?.name ?? ''}.`);

/** @throws {Fault} `bad-environments` */
function environmentsIn(value: unknown, source: string): readonly Environment[] {
  if (!isObject(value)) throw wrong(source, 'it has to be an object of environments by their names');
  // Editors put it in for completion.
  return Object.entries(value).flatMap(([name, it]) => (name === '$schema' ? [] : [environmentIn(name, it, source)]));
}

const keys = ['connection', 'variable', 'role', 'readOnly'];

function environmentIn(name: string, value: unknown, source: string): Environment {
  const fails = (why: string): Fault => wrong(source, `environment ${name}: ${why}`);
  // Names are keys of plain objects, and are shown in lines.
  if (name in Object.prototype || !/^[\p{L}\p{N}][^\p{C}\p{Zl}\p{Zp}]*$/u.test(name))
    throw fails('its name has to begin with a letter or digit, in one line, and to be no word of JavaScript');
  if (!isObject(value)) throw fails('it has to be an object');
  const odd = Object.keys(value).find((key) => !keys.includes(key));
  if (odd !== undefined) throw fails(`there is no "${odd}"; there are ${keys.join(', ')}`);
  const { connection, variable, role, readOnly = false } = value;
  const known = environmentRoles.find((it) => it === role);
  if (!known) throw fails(`its role has to be one of ${environmentRoles.join(', ')}`);
  if (typeof readOnly !== 'boolean') throw fails('readOnly is true or false');
  const info = { name, role: known, readOnly, source };
  if (typeof variable === 'string' && variable !== '' && connection === undefined)
    return { info, at: { kind: 'variable', variable } };
  if (typeof connection !== 'string' || connection === '' || variable !== undefined)
    throw fails('it needs either "connection", without a password, or "variable", the name of an environment variable');
  if (holdsPassword(connection))
    throw fails(
      'its connection holds a password; passwords belong in .pgpass, in the variable that "variable" names, or in the keychain of the editor',
    );
  return { info, at: { kind: 'connection', text: connection } };
}

const holdsPassword = (connection: string): boolean =>
  isUrl(connection) ? withoutPassword(connection) !== connection : /(?:^|\s)password\s*=/i.test(connection);

const wrong = (source: string, why: string): Fault => new Fault('bad-environments', `${source}: ${why}.`);
