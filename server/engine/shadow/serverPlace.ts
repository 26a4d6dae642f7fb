/** Shadows on a Postgres server: one of our own, or one that others use too. */
import { Fault } from '../base/fault';
import { onSession } from '../database/onSession';
import type { Session } from '../database/session';
import { type Base, reachingOf } from './base';
import { type Cluster, endPrepared, putCluster, readCluster } from './cluster';
import { demand, forgetScript } from './forgetScript';
import { dropOrphans } from './orphans';
import type { Shadow, ShadowPlace } from './place';
import { restore } from './restore';
import { refusedOf } from './refused';
import { beginningStatements, noSetUp, type SetUp } from './setUp';
import { type DatabaseOptions, nameOfOurs, ShadowDatabases } from './shadowDatabases';
import { UserSession } from './userSession';

export interface ServerPlaceOptions extends DatabaseOptions {
  /** Runs when the place is closed, after its databases are gone. */
  readonly end: () => Promise<void>;
  /** What is there already; of a server of ours. */
  readonly prepared?: PreparedShadow;
}

/** A shadow in the state of a base, with what its place has to know to go on with it. */
export interface PreparedShadow {
  /** Database where `create database` is run from. */
  readonly home: string;
  readonly template: Template;
  /** Name of the shadow. */
  readonly shadow: string;
}

/** @throws {Fault} `no-right` when the server does not let us make databases; as Database.open */
export async function serverPlace(options: ServerPlaceOptions): Promise<ShadowPlace> {
  const shadows = new ServerShadows(options);
  const version = await shadows.begin();
  return {
    kind: options.kind,
    label: options.kind === 'private' ? options.label : `${options.label} (PostgreSQL ${version})`,
    serverVersion: version,
    shared: options.kind !== 'private',
    fresh: (base, signal) => shadows.fresh(base, signal),
    close: () => shadows.close(),
  };
}

/**
 * Makes a shadow on a server of ours that is about to be stopped and kept.
 *
 * @throws as ShadowPlace.fresh
 */
export async function prepareServer(
  options: ServerPlaceOptions,
  base: Base,
  signal: AbortSignal,
): Promise<PreparedShadow> {
  const shadows = new ServerShadows(options);
  await shadows.begin();
  const { session } = await shadows.fresh(base, signal);
  await session.close();
  return shadows.prepared;
}

/** The base, restored once; every shadow is a copy of its files. */
interface Template {
  readonly name: string;
  readonly fingerprint: string;
}

/** The shadow that is in use. On a server of ours a copy of it bears its name while it is lent. */
interface Current {
  name: string;
  session: Session;
  lent: Lent | undefined;
}

interface Lent {
  readonly name: string;
  /** The server as it was before; undefined on one that others use. */
  readonly before: Cluster | undefined;
}

/** As Shadow.withCopy takes it. */
type Use<T> = (copy: Session, dump: (signal: AbortSignal) => Promise<string>) => Promise<T>;

class ServerShadows {
  private readonly databases: ShadowDatabases;
  private template: Template | undefined;
  private current: Current | undefined;
  /** A shadow in the state of the template that nobody has used. */
  private unused: string | undefined;
  /** As it was before the first shadow; undefined on a server that others use. */
  private pristine: Cluster | undefined;

  constructor(private readonly options: ServerPlaceOptions) {
    const { prepared } = options;
    this.databases = prepared
      ? new ShadowDatabases({ ...options, home: prepared.home }, [prepared.template.name, prepared.shadow])
      : new ShadowDatabases(options, []);
    this.template = prepared?.template;
    this.unused = prepared?.shadow;
  }

  /** @returns the version of the server */
  begin(): Promise<string> {
    const { databases, options } = this;
    return databases.admin(async (admin) => {
      const [row] = await admin.rows<{ version: string; user: string; creates: boolean }>(
        `select pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) as version,
                rolname as "user", rolcreatedb or rolsuper as creates
           from pg_catalog.pg_roles where rolname = session_user`,
      );
      if (!row?.creates) throw new Fault('no-right', `${row?.user} may not create databases (${options.label}).`);
      if (databases.areAlone) this.pristine = await readCluster(admin, databases.names);
      else await dropOrphans(admin, options.log);
      return row.version;
    });
  }

  get prepared(): PreparedShadow {
    const { databases, template, current } = this;
    if (!template || !current) throw new Error('a shadow has been made');
    return { home: databases.home, template, shadow: current.name };
  }

  async fresh(base: Base, signal: AbortSignal): Promise<Shadow> {
    if (base.kind === 'file') throw new Error('a file of the embedded engine is no base for a server');
    await this.current?.session.close();
    const name = this.unusedOf(base) ?? (await this.make(base, signal));
    this.current = { name, session: await this.databases.open(name, base.setUp), lent: undefined };
    return this.shadow(this.current, base.setUp);
  }

  async close(): Promise<void> {
    const { databases } = this;
    try {
      await this.current?.session.close();
      this.current = undefined;
      this.template = undefined;
      if (!databases.areAlone) await databases.admin((admin) => databases.dropAll(admin));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.options.log(`shadow: ${error.message}`);
    } finally {
      await this.options.end();
    }
  }

  private unusedOf({ fingerprint }: Base): string | undefined {
    if (this.template?.fingerprint !== fingerprint) return undefined;
    const { unused } = this;
    this.unused = undefined;
    return unused;
  }

  /** @returns the name of a database that holds the base */
  private async make(base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<string> {
    const { databases } = this;
    const name = await databases.nameFor(base.setUp);
    await databases.admin(async (admin) => {
      await this.clear(admin, base.fingerprint);
      await databases.vacate(admin, name);
      if (this.pristine) await this.put(admin, { ...this.pristine, roles: base.setUp.roles });
      const template = (this.template ??= await this.prepare(admin, base, signal));
      await databases.copyTo(admin, name, template.name, base.setUp);
    });
    return name;
  }

  /** Drops the former shadow, and the template when it is of another base. */
  private async clear(admin: Session, fingerprint: string): Promise<void> {
    const { databases, template } = this;
    const former = this.current?.name ?? this.unused;
    this.current = undefined;
    this.unused = undefined;
    if (former !== undefined) await databases.drop(admin, former);
    if (!template || template.fingerprint === fingerprint) return;
    this.template = undefined;
    await databases.drop(admin, template.name);
  }

  private async prepare(admin: Session, base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<Template> {
    const name = nameOfOurs();
    await this.databases.createTemplate(admin, name);
    try {
      await this.fill(name, base, signal);
    } catch (error) {
      await this.databases.drop(admin, name);
      throw error;
    }
    return { name, fingerprint: base.fingerprint };
  }

  private fill(name: string, base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<void> {
    return onSession(this.databases.open(name, noSetUp), async (session) => {
      const refused = base.kind === 'dump' ? await restore(session, base.sql, reachingOf(base), signal, base.rows) : [];
      for (const line of refused) this.databases.tell(line);
      if (!base.setUp.publicSchema) await session.run('drop schema public');
      for (const line of await refusedOf(session, beginningStatements(base.setUp))) this.databases.tell(line);
    });
  }

  private async put(admin: Session, cluster: Cluster): Promise<void> {
    for (const line of await putCluster(admin, cluster, this.databases.names)) this.databases.tell(line);
  }

  private shadow(current: Current, setUp: SetUp): Shadow {
    return {
      get session() {
        return current.session;
      },
      startOver: async (session) => {
        if (session instanceof UserSession) await session.startOver();
        else await session.run('discard all');
      },
      startScript: async (session) => {
        if (session instanceof UserSession) await session.startScript();
        else await demand(session, `reset session authorization; ${forgetScript}`);
      },
      withCopy: (use) => this.lend(current, setUp, use),
      dump: (signal) => this.options.database(current.name).dump(signal),
    };
  }

  private async lend<T>(current: Current, setUp: SetUp, use: Use<T>): Promise<T> {
    const { name } = current;
    // A template must have nobody connected, us included.
    await current.session.close();
    const [used] = await Promise.allSettled([this.onCopy(current, setUp, use)]);
    const [back] = await Promise.allSettled([this.takeBack(current, name, setUp)]);
    // What goes wrong first is the cause of what goes wrong afterwards. A shadow without a session is made anew.
    if (used.status === 'rejected') throw used.reason;
    if (back.status === 'rejected') throw back.reason;
    return used.value;
  }

  private async onCopy<T>(current: Current, setUp: SetUp, use: Use<T>): Promise<T> {
    const { name } = (current.lent = await this.databases.admin((admin) => this.duplicate(admin, current, setUp)));
    const dump = (signal: AbortSignal) => this.options.database(name).dump(signal);
    return onSession(this.databases.open(name, setUp), (session) => use(session, dump));
  }

  private async takeBack(current: Current, name: string, setUp: SetUp): Promise<void> {
    const { databases } = this;
    const { lent } = current;
    current.lent = undefined;
    await databases.admin(async (admin) => {
      if (lent) await databases.drop(admin, lent.name);
      if (lent?.before) await this.put(admin, lent.before);
      if (current.name !== name) await this.rename(admin, current, name);
    });
    current.session = await databases.open(name, setUp);
  }

  private async duplicate(admin: Session, current: Current, setUp: SetUp): Promise<Lent> {
    const { databases } = this;
    const { name } = current;
    await endPrepared(admin, name, this.options.database(name));
    if (!databases.areAlone) {
      const copy = nameOfOurs();
      await databases.copyTo(admin, copy, name, setUp);
      return { name: copy, before: undefined };
    }
    const before = await readCluster(admin, databases.names);
    await this.rename(admin, current, nameOfOurs());
    await databases.twin(admin, name, current.name);
    return { name, before };
  }

  private async rename(admin: Session, current: Current, name: string): Promise<void> {
    await this.databases.rename(admin, current.name, name);
    current.name = name;
  }
}
