/** Which database are the migrations of a folder for? What the user chose, else what the environment names, else the embedded engine. */
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { sha256 } from '../base/digest';
import { Fault } from '../base/fault';
import { systemCode } from '../base/systemError';
import {
  type Candidate,
  candidateNamed,
  candidatesIn,
  dotenvIn,
  type LeftOut,
  onceEach,
  type Variables,
} from '../database/candidates';
import { type ConnectionSources, nodeSources, readConnection } from '../database/connection';
import { embeddedDatabase } from '../database/embedded';
import { type ConnectionParameters, withDatabase, withPassword, withSearchPath } from '../database/parameters';
import { quoteIdentifier } from '../database/quote';
import { serverDatabase } from '../database/serverDatabase';
import { contentsOf } from '../layouts/find';
import type { Layout, NamedDatabase } from '../layouts/layout';
import type { MigrationFolder } from '../layouts/migration';
import type { EngineOptions, TargetCandidate, TargetChoice, TargetInfo } from '../project';
import type { Beginning } from '../shadow/setUp';
import type { SnapshotTarget } from '../snapshots/target';
import type { World } from '../world';

export type Target = SnapshotTarget & {
  readonly info: TargetInfo;
  /** Undefined for the embedded engine. */
  readonly parameters: ConnectionParameters | undefined;
  /** As Layout.schemaOf says of it. */
  readonly schema: string | undefined;
  /** Variables that go with it, for the configuration of the tool (`DBMATE_MIGRATIONS_TABLE`) and for what it puts in. */
  readonly environment: Variables;
};

/** What is the tool's own about its target. */
export interface TargetUse {
  /** Where the tool itself says that it would connect: before all variables; why it does not say it. */
  readonly told?: NamedDatabase | Fault | undefined;
  /** Variables that name its database, before `DATABASE_URL`. */
  readonly variables?: readonly string[];
  /** As Layout.namedDatabase, after all variables. */
  readonly database?: NamedDatabase | undefined;
  /** As Layout.schemaOf. */
  readonly schemaOf?: Layout['schemaOf'];
}

/**
 * @throws {Fault} `bad-connection-settings` when what the user chose, or one of the variables, cannot be read
 */
export function resolveTarget(folder: string, options: EngineOptions, world: World, use: TargetUse = {}): Target {
  const { variables = [] } = use;
  const choice = options.target(folder);
  const broken: Fault[] = [];
  const usual = [...variables, 'DATABASE_URL'].map((name) => new RegExp(`(?:^|, )${name} in `));
  // A candidate that was named in several places has them all in its source.
  const isUsual = (source: string): boolean => usual.some((it) => it.test(source));
  const candidates = candidatesOf(folder, options, world, variables, (line, place, why) => {
    world.log(line);
    if (why instanceof Fault && isUsual(place)) broken.push(new Fault(why.code, `${place}: ${why.detail}`, why));
  });
  const named: Around = { candidates, dotenv: dotenvOf(folder, options, world) };
  switch (choice?.kind) {
    case 'embedded':
      return embeddedTarget(folder, options, world, named, 'it was chosen');
    case 'server':
      return chosenTarget(chosen(choice, candidates, world), named, { world, use });
    case undefined: {
      const { told } = use;
      if (told instanceof Fault) throw told;
      if (told) return serverTarget(connectionOf(told.connection, world), told.source, named, { world, use });
      const [first] = usual.flatMap((it) => candidates.find(({ source }) => it.test(source)) ?? []);
      if (first) return serverTarget(first.parameters, first.source, named, { world, use });
      // To take another database than the one that is named would be worse than to take none.
      if (broken[0]) throw broken[0];
      const { database } = use;
      if (database)
        return serverTarget(connectionOf(database.connection, world), database.source, named, { world, use });
      return embeddedTarget(folder, options, world, named, 'no database is configured');
    }
  }
}

/** Of several that the tool knows, it is said which one this is. */
function chosenTarget(
  parameters: ConnectionParameters,
  around: Around,
  { world, use }: { readonly world: World; readonly use: TargetUse },
): Target {
  const target = serverTarget(parameters, 'it was chosen', around, { world, use });
  const { told } = use;
  if (!told || told instanceof Fault) return target;
  const [same] = candidateNamed(told, sourcesOf(world), world.log).filter(
    (it) => serverDatabase(it.parameters, world.assets).id === target.info.id,
  );
  return same ? { ...target, info: { ...target.info, because: `it was chosen: ${told.source}` } } : target;
}

/** What the files around a folder say. */
export interface Around {
  readonly candidates: readonly Candidate[];
  readonly dotenv: Variables;
}

export const variablesAround = (folder: string, options: EngineOptions, world: World): Around => ({
  candidates: candidatesOf(folder, options, world, [], world.log),
  dotenv: dotenvOf(folder, options, world),
});

/** Stands for a target whose settings cannot be read: whatever is asked of it is answered by the fault. */
export function unreadableTarget(folder: string, fault: Fault, { environment }: World): Target {
  const info = { id: `unreadable:${folder}:${fault.detail}`, label: 'unreadable connection settings', name: '' };
  const refuse = (): Promise<never> => Promise.reject(fault);
  const database = { ...info, local: true, engine: 'server', open: refuse, dump: refuse } as const;
  return {
    kind: 'server',
    info: { ...info, local: true, engine: 'server', because: fault.detail },
    database,
    sibling: () => database,
    parameters: undefined,
    schema: undefined,
    environment,
  };
}

/** For the user to pick from; the password goes along where the workspace holds it anyway. */
export function targetCandidates(
  { path, layout, databases = [] }: MigrationFolder,
  options: EngineOptions,
  world: World,
): TargetCandidate[] {
  const named = candidatesOf(path, options, world, [], world.log);
  const own = layout.namedDatabase?.(contentsOf(path, world.files));
  const ofTool = [...(own ? [own] : []), ...databases].flatMap((it) => candidateNamed(it, sourcesOf(world), world.log));
  return onceEach([...named, ...ofTool]).map(({ label, source, connection, password, local }) => ({
    label,
    source,
    local,
    choice: { kind: 'server', connection, ...(password === undefined ? {} : { password }) },
  }));
}

/** @throws {Fault} `bad-connection-settings` */
export const connectionOf = (text: string, world: World): ConnectionParameters =>
  readConnection(text, sourcesOf(world));

const sourcesOf = ({ environment }: World): ConnectionSources => nodeSources(environment);

const candidatesOf = (
  folder: string,
  { roots }: EngineOptions,
  world: World,
  variables: readonly string[],
  leftOut: LeftOut,
): Candidate[] =>
  candidatesIn(foldersUpTo(folder, roots), (path) => textOf(path, world), sourcesOf(world), leftOut, variables);

/** One that cannot be read keeps nobody from a target that is named elsewhere; where it should name one, that was said. */
const dotenvOf = (folder: string, { roots }: EngineOptions, world: World): Variables =>
  dotenvIn(foldersUpTo(folder, roots), (path) => textUnless(({ code }) => code === 'not-readable', path, world));

const textOf = (path: string, world: World): string | undefined => textUnless(isNoFile, path, world);

function textUnless(isLeftOut: (fault: Fault) => boolean, path: string, { files, log }: World): string | undefined {
  try {
    return files.read(path);
  } catch (error) {
    if (!(error instanceof Fault) || !isLeftOut(error)) throw error;
    log(`target: ${error.detail}`);
    return undefined;
  }
}

/** A link that leads nowhere (`.env` to a secret that is mounted elsewhere), a folder (`python -m venv .env`). */
const isNoFile = ({ cause }: Fault): boolean => ['ENOENT', 'EISDIR'].includes(systemCode(cause) ?? '');

/** The folder and those above it, up to the workspace's. */
export function foldersUpTo(folder: string, roots: readonly string[]): string[] {
  const root = rootOf(folder, roots);
  if (root === undefined) return [folder];
  const folders = [folder];
  for (let at = folder; relative(root, at) !== ''; ) folders.push((at = dirname(at)));
  return folders;
}

/** The innermost workspace folder that it lies in. */
const rootOf = (folder: string, roots: readonly string[]): string | undefined =>
  roots
    .filter((root) => !isAbsolute(relative(root, folder)) && !/^\.\.(?:[\\/]|$)/.test(relative(root, folder)))
    .toSorted((a, b) => b.length - a.length)[0];

/** A password that was not given may be known from where the database was named. */
function chosen(
  choice: Extract<TargetChoice, { kind: 'server' }>,
  candidates: readonly Candidate[],
  world: World,
): ConnectionParameters {
  const same = candidates.find(({ connection }) => connection === choice.connection);
  const parameters = same?.parameters ?? connectionOf(choice.connection, world);
  return choice.password === undefined ? parameters : withPassword(parameters, choice.password);
}

export function serverTarget(
  named: ConnectionParameters,
  because: string,
  { candidates, dotenv }: Around,
  { world: { assets, environment }, use }: { readonly world: World; readonly use: TargetUse },
): Target {
  const schema = use.schemaOf?.(named.extra);
  const parameters = schema === undefined ? named : withSearchPath(named, quoteIdentifier(schema));
  const database = serverDatabase(parameters, assets);
  const { id, label, name, local } = database;
  const beside = candidates.find((it) => serverDatabase(it.parameters, assets).id === id)?.environment;
  return {
    kind: 'server',
    info: { id, label, name, local, engine: 'server', because },
    database,
    sibling: (other) => serverDatabase(withDatabase(parameters, other), assets),
    parameters,
    schema,
    environment: { ...dotenv, ...beside, ...environment },
  };
}

function embeddedTarget(
  folder: string,
  { roots }: EngineOptions,
  { assets, storage, environment }: World,
  { dotenv }: Around,
  because: string,
): Target {
  const root = rootOf(folder, roots) ?? folder;
  const name = basename(root);
  const hash = sha256(folder).slice(0, 10);
  // By the folder alone, so that it is the same one from whichever level of the repository it is opened.
  const place = `${folder
    .split(/[\\/]/)
    .slice(-2)
    .join('-')
    .replaceAll(/[^\w.-]+/g, '_')}-${hash}`;
  const path = join(storage, 'embedded', place, 'database');
  const label = `embedded Postgres of ${name}`;
  const database = embeddedDatabase({ file: path, assets, label, name });
  return {
    kind: 'embedded',
    info: { id: database.id, label, name, local: true, engine: 'embedded', because },
    database,
    path,
    atFile: (file) => embeddedDatabase({ file, assets, label, name }),
    parameters: undefined,
    schema: undefined,
    environment: { ...dotenv, ...environment },
  };
}

/** What is done in its sessions before the first script. @param layout as configured */
export const beginningOf = ({ schema }: Target, { putsFirst }: Pick<Layout, 'putsFirst'>): Beginning => ({
  makes: [...(schema === undefined ? [] : [schema]), ...(putsFirst?.makes ?? [])],
  ...(putsFirst ? { first: putsFirst.schema } : {}),
});
