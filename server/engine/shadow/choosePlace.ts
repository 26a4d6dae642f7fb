/**
 * Where shall the shadow live? The first of four places that can be had, in the order of DESIGN section 5.
 */
import { dirname } from 'node:path';
import type { DiskCache } from '../base/diskCache';
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { embeddedExtensions } from '../database/embeddedAssets';
import { onSession } from '../database/onSession';
import { type ConnectionParameters, isLocal, labelOf, plainParameters, withDatabase } from '../database/parameters';
import { serverDatabase } from '../database/serverDatabase';
import type { Server, Session } from '../database/session';
import type { Base } from './base';
import { type Binaries, findBinaries } from './binaries';
import { embeddedPlace } from './embeddedPlace';
import { limitsOf } from './limits';
import type { ShadowPlace } from './place';
import { keepPlanned, type ServerPlan, startPlanned } from './preparedServer';
import type { PrivateServer } from './privateServer';
import { prepareServer, serverPlace, type ServerPlaceOptions } from './serverPlace';
import type { SetUp } from './setUp';

export interface PlaceWishes {
  readonly wish: 'auto' | 'private' | 'same-server' | 'embedded' | { readonly url: ConnectionParameters };
  /** Undefined when the target is the embedded engine. */
  readonly target: ConnectionParameters | undefined;
  /** Where databases are not made by themselves on a local server of the target: only when that is wished, or never. */
  readonly itsServer?: 'onWish' | 'never' | undefined;
  readonly setUp: SetUp;
  /** Extensions that the target has or the migrations ask for. */
  readonly extensions: readonly string[];
  readonly binaries: readonly string[];
  readonly roots: readonly string[];
  readonly assets: string;
  /** For servers of ours that need not be made anew. */
  readonly cache: DiskCache;
  /** What the shadow will be asked for first; undefined when that is not known yet. */
  readonly base: Base | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  /** Makes what takes connections to the server of the target, which a window has few of. */
  readonly onItsServer: <T>(make: () => Promise<T>) => Promise<T>;
}

/** What a place has to have of the target; it is read once, so that no connection is held while a server is made. */
export interface TargetTraits {
  readonly server: Server;
  /** What the server as a whole allows; a server of ours is made to allow the same. */
  readonly settings: Readonly<Record<string, string>>;
  /** Clauses of CREATE DATABASE that repeat encoding and collation. */
  readonly likeTarget: string;
}

export async function traitsOf(target: Session): Promise<TargetTraits> {
  return { server: target.server, settings: await settingsLike(target), likeTarget: await likeDatabase(target) };
}

/** A place, why it is this one, and what it cannot tell. */
export interface ChosenPlace extends ShadowPlace {
  /** For people: `binaries of PostgreSQL 16.4 are in /usr/lib/postgresql/16/bin`. */
  readonly because: string;
  /** For people, a sentence each. */
  readonly limits: readonly string[];
}

interface Choice {
  readonly place: ShadowPlace;
  readonly because: string;
}

/**
 * For an embedded target it is the embedded engine whatever is wished: nothing else reads its files.
 *
 * @param target undefined for the embedded engine
 * @throws {Fault} `no-shadow`, `no-right` when the place that was wished for cannot be had; `disk-full`; as Database.open
 */
export async function choosePlace(wishes: PlaceWishes, target: TargetTraits | undefined): Promise<ChosenPlace> {
  const { place, because } = await choose(wishes, target);
  const there = place.kind === 'embedded' ? embeddedExtensions(wishes.assets) : undefined;
  const lacking = there ? wishes.setUp.extensions.filter((it) => !there.has(it)) : [];
  return { ...place, because, limits: limitsOf(place, target?.server, lacking) };
}

async function choose(wishes: PlaceWishes, target: TargetTraits | undefined): Promise<Choice> {
  const { wish } = wishes;
  const own = wishes.target;
  if (!target || !own) return { place: embeddedPlace(wishes), because: 'the target is the embedded Postgres' };
  if (wish === 'embedded') return { place: embeddedPlace(wishes), because: chosen };
  if (wish === 'private') return privatePlace(wishes, target);
  if (wish === 'same-server' && wishes.itsServer === 'never')
    throw new Fault('no-shadow', `the target is only ever read: no database is made on the server of ${labelOf(own)}.`);
  if (wish === 'same-server') return { place: await onItsServer(own, wishes, target), because: chosen };
  if (typeof wish === 'object') return { place: await onGivenServer(wish.url, wishes), because: chosen };
  return firstToBeHad(wishes, own, target);
}

const chosen = 'it was chosen';

interface Attempt {
  readonly what: string;
  readonly make: () => Promise<Choice>;
}

async function firstToBeHad(wishes: PlaceWishes, own: ConnectionParameters, target: TargetTraits): Promise<Choice> {
  const reasons: string[] = [];
  const sameServer = async (): Promise<Choice> => {
    const place = await onItsServer(own, wishes, target);
    return { place, because: [...reasons, "the role may create databases on the target's server"].join('; ') };
  };
  // On somebody else's machine no database is made unless the user wishes so.
  const isFree = isLocal(own) && wishes.itsServer === undefined;
  const attempts: readonly Attempt[] = [
    { what: 'a private server', make: () => privatePlace(wishes, target) },
    ...(isFree ? [{ what: "a shadow database on the target's server", make: sameServer }] : []),
  ];
  for (const [i, { what, make }] of attempts.entries()) {
    try {
      return await make();
    } catch (error) {
      // Where there is no room now, there will be some again; another place would stay.
      if (!(error instanceof Fault) || error.code === 'disk-full') throw error;
      const reason = error.detail.replace(/\.$/, '');
      const next = attempts[i + 1]?.what ?? 'the embedded Postgres';
      wishes.log(`shadow: ${what} cannot be had (${reason}); ${next} comes next`);
      reasons.push(reason);
    }
  }
  if (isLocal(own) && !isFree) reasons.push('nothing is made by itself on the server of an environment');
  if (!isLocal(own)) reasons.push('the target is on another machine, where nothing is made by itself');
  return { place: embeddedPlace(wishes), because: reasons.join('; ') };
}

async function privatePlace(wishes: PlaceWishes, target: TargetTraits): Promise<Choice> {
  const major = Math.floor(target.server.versionNumber / 10_000);
  const found = findBinaries(wishes.binaries, wishes.roots, wishes.environment);
  const fitting = found.filter((it) => it.major === major);
  const lacks: string[] = [];
  for (const binaries of fitting) {
    const place = await startPlace(binaries, wishes, target);
    if ('serverVersion' in place)
      return { place, because: `binaries of PostgreSQL ${binaries.version} are in ${binaries.folder}` };
    lacks.push(`the binaries of PostgreSQL ${binaries.version} lack the extension ${place.lacking.join(', ')}`);
  }
  const others = found.map(({ version }) => version).join(', ') || 'none at all';
  throw new Fault(
    'no-shadow',
    `${lacks.join('; ') || `there are no binaries of PostgreSQL ${major} on this machine (${others})`}.`,
  );
}

/** @returns the extensions that are lacking when there are any; then the server is stopped again */
async function startPlace(
  binaries: Binaries,
  wishes: PlaceWishes,
  target: TargetTraits,
): Promise<ShadowPlace | { readonly lacking: readonly string[] }> {
  const plan = {
    binaries,
    settings: target.settings,
    likeTarget: target.likeTarget,
    cache: wishes.cache,
    log: wishes.log,
  };
  const { server, prepared } = await startPlanned(plan, wishes.base);
  const options = optionsOn(server, plan, wishes.assets);
  try {
    const lacking = await lackingExtensions(options.database(prepared?.home ?? options.home), wishes);
    if (lacking.length > 0) {
      await server.stop();
      return { lacking };
    }
    const place = await serverPlace(prepared ? { ...options, prepared } : options);
    return {
      ...place,
      keep: (base, signal) =>
        keepPlanned(plan, base, (other) => prepareServer(optionsOn(other, plan, wishes.assets), base, signal), signal),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function optionsOn(
  server: PrivateServer,
  { binaries, likeTarget, log }: ServerPlan,
  assets: string,
): ServerPlaceOptions {
  const parameters = plainParameters({ ...server, database: 'postgres' });
  return {
    kind: 'private',
    label: `private PostgreSQL ${binaries.version}`,
    database: (name) => serverDatabase(withDatabase(parameters, name), assets),
    home: parameters.database,
    folder: dirname(server.folder),
    end: () => server.stop(),
    likeTarget,
    log,
  };
}

async function settingsLike(target: Session): Promise<Readonly<Record<string, string>>> {
  const [row] = await target.rows<{ prepared: string }>(
    `select pg_catalog.current_setting('max_prepared_transactions') as prepared`,
  );
  return row ? { max_prepared_transactions: row.prepared } : {};
}

function lackingExtensions(database: Database, { extensions, setUp }: PlaceWishes): Promise<string[]> {
  return onSession(database.open('read'), async (session) => {
    const rows = await session.rows<{ name: string }>('select name from pg_catalog.pg_available_extensions');
    const there = new Set(rows.map(({ name }) => name));
    return extensions.filter((name) => setUp.available.has(name) && !there.has(name));
  });
}

/** No timeout of a role or database may end a rehearsal that waits for the next keystroke. */
const noTimeouts = '-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=0';

const onItsServer = (
  own: ConnectionParameters,
  wishes: PlaceWishes,
  { likeTarget }: TargetTraits,
): Promise<ShadowPlace> => wishes.onItsServer(() => onServer('same-server', own, wishes, likeTarget));

/** That may be the server of the target. */
const onGivenServer = (url: ConnectionParameters, wishes: PlaceWishes): Promise<ShadowPlace> =>
  wishes.onItsServer(() => onServer('url', url, wishes, ''));

async function onServer(
  kind: 'same-server' | 'url',
  server: ConnectionParameters,
  wishes: PlaceWishes,
  likeTarget: string,
): Promise<ShadowPlace> {
  const parameters = { ...server, settings: {}, options: `${server.options} ${noTimeouts}`.trim() };
  return serverPlace({
    kind,
    label: `shadow database on ${labelOf(server).replace(/^.*@/, '')}`,
    database: (name) => serverDatabase(withDatabase(parameters, name), wishes.assets),
    home: await maintenanceDatabase(parameters, wishes.assets),
    end: () => Promise.resolve(),
    likeTarget,
    log: wishes.log,
  });
}

/** `postgres` by custom; where it is closed to us, the database that was named. */
async function maintenanceDatabase(parameters: ConnectionParameters, assets: string): Promise<string> {
  const custom = serverDatabase(withDatabase(parameters, 'postgres'), assets);
  try {
    return await onSession(custom.open('read'), () => Promise.resolve(custom.name));
  } catch (error) {
    if (!(error instanceof Fault) || ['no-server', 'wrong-server'].includes(error.code)) throw error;
    return parameters.database;
  }
}

/** The columns of pg_database differ from version to version. */
async function likeDatabase(target: Session): Promise<string> {
  const [row] = await target.rows<{
    encoding: string;
    collate: string;
    ctype: string;
    provider: string | null;
    locale: string | null;
    rules: string | null;
  }>(
    `select pg_catalog.quote_literal(pg_catalog.pg_encoding_to_char(d.encoding)) as encoding,
            pg_catalog.quote_literal(d.datcollate) as collate, pg_catalog.quote_literal(d.datctype) as ctype,
            j->>'datlocprovider' as provider,
            pg_catalog.quote_literal(coalesce(j->>'datlocale', j->>'daticulocale')) as locale,
            pg_catalog.quote_literal(j->>'daticurules') as rules
       from pg_catalog.pg_database d, pg_catalog.to_jsonb(d) j
      where d.datname = pg_catalog.current_database()`,
  );
  if (!row) return '';
  const rules = row.rules === null ? '' : ` icu_rules ${row.rules}`;
  const providers: Readonly<Record<string, string>> = {
    i: `icu icu_locale ${row.locale}${rules}`,
    b: `builtin builtin_locale ${row.locale}`,
  };
  return [
    `encoding ${row.encoding} lc_collate ${row.collate} lc_ctype ${row.ctype}`,
    // 14 knows no other provider than libc, and no clause for it.
    ...(row.provider === null ? [] : [`locale_provider ${providers[row.provider] ?? 'libc'}`]),
  ].join(' ');
}
