/** Shadows on a Postgres server: one of our own, or one that others use too. Databases are made, copied and dropped. */
import { randomBytes } from 'node:crypto';
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { onSession } from '../database/onSession';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import type { Base } from './base';
import { type Cluster, endPrepared, putCluster, readCluster } from './cluster';
import { demand, forgetScript } from './forgetScript';
import { dropOrphans, ownership, shadowPrefix } from './orphans';
import type { Shadow, ShadowPlace } from './place';
import { refusedOf } from './refused';
import { restore } from './restore';
import { databaseStatements, noSetUp, type SetUp } from './setUp';
import { allowDrop, inheritDatabase } from './twin';
import { UserSession } from './userSession';

export interface ServerPlaceOptions {
  readonly kind: 'private' | 'same-server' | 'url';
  readonly label: string;
  /** The server's databases by name, with no timeouts of the server in force. */
  readonly database: (name: string) => Database;
  /** Name of the one where `create database` is run from. */
  readonly home: string;
  /** Where its files are, so that one can see which disk is full; of a server of ours. */
  readonly folder?: string;
  /** Runs when the place is closed, after its databases are gone. */
  readonly end: () => Promise<void>;
  /** Clauses that give a new database the encoding and collation of the target. */
  readonly likeTarget: string;
  /** What is there already; of a server of ours. */
  readonly prepared?: Prepared;
  readonly log: (line: string) => void;
}

/** A shadow in the state of a base, with what its place has to know to go on with it. */
export interface Prepared {
  /** Database where `create database` is run from. */
  readonly home: string;
  readonly template: Template;
  /** Name of the shadow. */
  readonly shadow: string;
}

/** @throws {Fault} `no-right` when the server does not let us make databases; as Database.open */
export async function serverPlace(options: ServerPlaceOptions): Promise<ShadowPlace> {
  const shadows = new ServerShadows(options);
  const version = await shadows.admin(async (admin) => {
    const [row] = await admin.rows<{ version: string; user: string; creates: boolean }>(
      `select pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) as version,
              rolname as "user", rolcreatedb or rolsuper as creates from pg_catalog.pg_roles where rolname = session_user`,
    );
    if (!row?.creates) throw new Fault('no-right', `${row?.user} may not create databases (${options.label}).`);
    if (options.kind === 'private') await shadows.remember(admin);
    else await dropOrphans(admin, options.log);
    return row.version;
  });
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
export async function prepareServer(options: ServerPlaceOptions, base: Base, signal: AbortSignal): Promise<Prepared> {
  const shadows = new ServerShadows(options);
  await shadows.admin((admin) => shadows.remember(admin));
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

class ServerShadows {
  private template: Template | undefined;
  private current: Current | undefined;
  /** A shadow in the state of the template that nobody has used. */
  private unused: string | undefined;
  private readonly mine = new Set<string>();
  /** As it was before the first shadow; undefined on a server that others use. */
  private pristine: Cluster | undefined;
  private home: string;

  constructor(private readonly options: ServerPlaceOptions) {
    const { prepared } = options;
    this.home = prepared?.home ?? options.home;
    this.template = prepared?.template;
    this.unused = prepared?.shadow;
    if (prepared) this.mine.add(prepared.template.name).add(prepared.shadow);
  }

  get prepared(): Prepared {
    const { home, template, current } = this;
    if (!template || !current) throw new Error('a shadow has been made');
    return { home, template, shadow: current.name };
  }

  async remember(admin: Session): Promise<void> {
    this.pristine = await readCluster(admin, this.mine);
  }

  /** A session is opened for each piece of work: one that lasted would be in the way of others, and could get lost. */
  admin<T>(use: (admin: Session) => Promise<T>): Promise<T> {
    return onSession(this.options.database(this.home).open('read'), use);
  }

  async fresh(base: Base, signal: AbortSignal): Promise<Shadow> {
    if (base.kind === 'file') throw new Error('a file of the embedded engine is no base for a server');
    await this.current?.session.close();
    const name = this.unusedOf(base) ?? (await this.make(base, signal));
    this.current = { name, session: await this.open(name, base.setUp), lent: undefined };
    return this.shadow(this.current, base.setUp);
  }

  private unusedOf({ fingerprint }: Base): string | undefined {
    if (this.template?.fingerprint !== fingerprint) return undefined;
    const { unused } = this;
    this.unused = undefined;
    return unused;
  }

  /** @returns the name of a database that holds the base */
  private async make(base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<string> {
    const name = this.nameFor(base.setUp);
    if (name === this.home) await this.moveHome();
    await this.admin(async (admin) => {
      await this.clear(admin, base.fingerprint);
      await this.vacate(admin, name);
      if (this.pristine) await this.put(admin, { ...this.pristine, roles: base.setUp.roles });
      const template = (this.template ??= await this.prepare(admin, base, signal));
      await this.copyTo(admin, name, template.name, base.setUp);
    });
    return name;
  }

  /**
   * On a server of ours, statements that name the target's database mean the shadow. Nobody connects to `template0`,
   * which new databases are made of.
   */
  private nameFor({ database }: SetUp): string {
    return this.isOurs && database !== undefined && database !== 'template0' ? database : nameOfOurs();
  }

  /** The shadow is to have the name of the database where we do our work. */
  private async moveHome(): Promise<void> {
    const aside = nameOfOurs();
    await onSession(this.options.database('template1').open('read'), (session) =>
      this.rename(session, this.home, aside),
    );
    this.home = aside;
  }

  /** Makes a name free that another database of a server of ours has. */
  private async vacate(admin: Session, name: string): Promise<void> {
    if (!this.isOurs) return;
    const taken = await admin.rows('select from pg_catalog.pg_database where datname = $1', [name]);
    if (taken.length === 0) return;
    if (this.mine.has(name)) await this.drop(admin, name);
    else await this.rename(admin, name, nameOfOurs());
  }

  async close(): Promise<void> {
    try {
      await this.current?.session.close();
      this.current = undefined;
      if (!this.isOurs) await this.admin((admin) => this.dropAll(admin));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.options.log(`shadow: ${error.message}`);
    } finally {
      await this.options.end();
    }
  }

  /** For people who look for what is in the way of the server. */
  private get where(): string {
    const { label, folder } = this.options;
    return folder === undefined ? label : `${label} in ${folder}`;
  }

  private get isOurs(): boolean {
    return this.options.kind === 'private';
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
      dump: (signal) => this.options.database(current.name).dump('schema', signal),
    };
  }

  private async lend<T>(current: Current, setUp: SetUp, use: (copy: Session) => Promise<T>): Promise<T> {
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

  private async onCopy<T>(current: Current, setUp: SetUp, use: (copy: Session) => Promise<T>): Promise<T> {
    current.lent = await this.admin((admin) => this.duplicate(admin, current, setUp));
    return onSession(this.open(current.lent.name, setUp), use);
  }

  private async takeBack(current: Current, name: string, setUp: SetUp): Promise<void> {
    const { lent } = current;
    current.lent = undefined;
    await this.admin(async (admin) => {
      if (lent) await this.drop(admin, lent.name);
      if (lent?.before) await this.put(admin, lent.before);
      if (current.name !== name) await this.renameCurrent(admin, current, name);
    });
    current.session = await this.open(name, setUp);
  }

  private async duplicate(admin: Session, current: Current, setUp: SetUp): Promise<Lent> {
    const { name } = current;
    await endPrepared(admin, name, this.options.database(name));
    if (!this.isOurs) {
      const copy = nameOfOurs();
      await this.copyTo(admin, copy, name, setUp);
      return { name: copy, before: undefined };
    }
    const before = await readCluster(admin, this.mine);
    await this.renameCurrent(admin, current, nameOfOurs());
    await this.create(admin, name, copying(admin, current.name));
    await inheritDatabase(admin, current.name, name);
    return { name, before };
  }

  private async renameCurrent(admin: Session, current: Current, name: string): Promise<void> {
    await this.rename(admin, current.name, name);
    this.mine.delete(current.name);
    this.mine.add(name);
    current.name = name;
  }

  /** Nobody may be connected to it. */
  private async rename(admin: Session, from: string, to: string): Promise<void> {
    await this.command(admin, `alter database ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}`);
  }

  private async put(admin: Session, cluster: Cluster): Promise<void> {
    for (const line of await putCluster(admin, cluster, this.mine)) this.tell(line);
  }

  /** Drops the former shadow, and the template when it is of another base. */
  private async clear(admin: Session, fingerprint: string): Promise<void> {
    const { template } = this;
    const former = this.current?.name ?? this.unused;
    this.current = undefined;
    this.unused = undefined;
    if (former !== undefined) await this.drop(admin, former);
    if (!template || template.fingerprint === fingerprint) return;
    this.template = undefined;
    await this.drop(admin, template.name);
  }

  private async prepare(admin: Session, base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<Template> {
    const name = nameOfOurs();
    await this.createTemplate(admin, name);
    try {
      await this.fill(name, base, signal);
    } catch (error) {
      await this.drop(admin, name);
      throw error;
    }
    return { name, fingerprint: base.fingerprint };
  }

  /** A server of ours may lack a locale that the target's has. */
  private async createTemplate(admin: Session, name: string): Promise<void> {
    const { likeTarget } = this.options;
    try {
      await this.create(admin, name, `template template0 ${likeTarget}`);
    } catch (error) {
      if (!this.isOurs || likeTarget === '' || !(error instanceof Fault) || error.code !== 'no-shadow') throw error;
      this.tell(error.detail);
      await this.create(admin, name, 'template template0');
    }
  }

  private async fill(name: string, base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<void> {
    await onSession(this.open(name, noSetUp), async (session) => {
      const refused = base.kind === 'dump' ? await restore(session, base.sql, signal, base.rows) : [];
      for (const line of refused) this.tell(line);
      if (!base.setUp.publicSchema) await session.run('drop schema public');
    });
  }

  private async copyTo(admin: Session, name: string, template: string, setUp: SetUp): Promise<void> {
    await this.create(admin, name, this.isOurs ? copying(admin, template) : `template ${quoteIdentifier(template)}`);
    const owned =
      this.pristine && setUp.owner !== undefined
        ? [`alter database ${quoteIdentifier(name)} owner to ${quoteIdentifier(setUp.owner)}`]
        : [];
    for (const line of await refusedOf(admin, [...owned, ...databaseStatements(name, setUp)])) this.tell(line);
  }

  private async create(admin: Session, name: string, clauses: string): Promise<void> {
    await this.command(admin, `create database ${quoteIdentifier(name)} ${clauses}`);
    this.mine.add(name);
    if (!this.isOurs)
      await this.command(admin, `comment on database ${quoteIdentifier(name)} is ${quoteLiteral(ownership)}`);
  }

  /** On a server of ours nobody can log in as the user that the migrations run as. */
  private open(name: string, { user }: SetUp): Promise<Session> {
    const database = this.options.database(name);
    return this.isOurs ? UserSession.open(database, user, this.where) : database.open('write');
  }

  private async dropAll(admin: Session): Promise<void> {
    this.template = undefined;
    for (const name of this.mine) await this.drop(admin, name);
  }

  private async drop(admin: Session, name: string): Promise<void> {
    await endPrepared(admin, name, this.options.database(name));
    if (this.isOurs) await allowDrop(admin, name);
    await this.command(admin, `drop database if exists ${quoteIdentifier(name)} with (force)`);
    this.mine.delete(name);
  }

  private async command(admin: Session, sql: string): Promise<void> {
    const answer = await admin.run(sql);
    if (answer.kind === 'done') return;
    const { sqlState, message } = answer.refusal;
    const code = sqlState === '42501' ? 'no-right' : sqlState === '53100' ? 'disk-full' : 'no-shadow';
    throw new Fault(code, `${message} (${this.where}).`);
  }

  private tell(line: string): void {
    this.options.log(`the shadow lacks: ${line}`);
  }
}

const nameOfOurs = (): string => `${shadowPrefix}${process.pid}_${randomBytes(4).toString('hex')}`;

/** Copying files is quicker than writing them to the log, where nothing has to survive a crash. 14 knows nothing else. */
function copying({ server }: Session, template: string): string {
  const strategy = server.versionNumber >= 150_000 ? ' strategy file_copy' : '';
  return `template ${quoteIdentifier(template)}${strategy}`;
}
