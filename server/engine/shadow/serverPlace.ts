/** Shadows on a Postgres server: one of our own, or one that others use too. Databases are made, copied and dropped. */
import { randomBytes } from 'node:crypto';
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import type { Base } from './base';
import { type Cluster, endPrepared, putCluster, readCluster } from './cluster';
import { dropOrphans, ownership, shadowPrefix } from './orphans';
import type { Shadow, ShadowPlace } from './place';
import { restore } from './restore';
import { demand, forgetScript } from './forgetScript';
import { databaseStatements, type SetUp } from './setUp';

export interface ServerPlaceOptions {
  readonly kind: 'private' | 'same-server' | 'url';
  readonly label: string;
  /**
   * The server's databases by name, with no timeouts of the server in force; `''` is where `create database` is run
   * from.
   */
  readonly database: (name: string) => Database;
  /** Runs when the place is closed, after its databases are gone. */
  readonly end: () => Promise<void>;
  /** Clauses that give a new database the encoding and collation of the target. */
  readonly likeTarget: string;
  readonly log: (line: string) => void;
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

/** The base, restored once; every shadow is a copy of its files. */
interface Template {
  readonly name: string;
  readonly fingerprint: string;
}

class ServerShadows {
  private template: Template | undefined;
  private current: { readonly name: string; session: Session } | undefined;
  private readonly mine = new Set<string>();
  /** As it was before the first shadow; undefined on a server that others use. */
  private pristine: Cluster | undefined;

  constructor(private readonly options: ServerPlaceOptions) {}

  async remember(admin: Session): Promise<void> {
    this.pristine = await readCluster(admin);
  }

  /** A session is opened for each piece of work: one that lasted would be in the way of others, and could get lost. */
  async admin<T>(use: (admin: Session) => Promise<T>): Promise<T> {
    const session = await this.options.database('').open('read');
    try {
      return await use(session);
    } finally {
      await session.close();
    }
  }

  async fresh(base: Base, signal: AbortSignal): Promise<Shadow> {
    if (base.kind === 'file') throw new Error('a file of the embedded engine is no base for a server');
    await this.current?.session.close();
    const name = await this.admin(async (admin) => {
      await this.clear(admin, base.fingerprint);
      if (this.pristine) await this.put(admin, { ...this.pristine, roles: base.setUp.roles });
      const template = (this.template ??= await this.prepare(admin, base, signal));
      return this.copyOf(admin, template.name, base.setUp);
    });
    this.current = { name, session: await this.open(name, base.setUp) };
    return this.shadow(this.current, base.setUp);
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

  private get isOurs(): boolean {
    return this.options.kind === 'private';
  }

  private shadow(current: { readonly name: string; session: Session }, setUp: SetUp): Shadow {
    return {
      get session() {
        return current.session;
      },
      startOver: (session) => this.startOver(session, setUp),
      startScript: async (session) => {
        await demand(session, `reset session authorization; ${forgetScript}`);
        await this.become(session, setUp);
      },
      withCopy: async (use) => {
        // A template must have nobody connected, us included.
        await current.session.close();
        const name = await this.admin(async (admin) => {
          await endPrepared(admin, current.name, this.options.database(current.name));
          return this.copyOf(admin, current.name, setUp);
        });
        current.session = await this.open(current.name, setUp);
        return this.using(name, setUp, use);
      },
      dump: (signal) => this.options.database(current.name).dump('schema', signal),
    };
  }

  private async using<T>(name: string, setUp: SetUp, use: (copy: Session) => Promise<T>): Promise<T> {
    const before = this.pristine && (await this.admin(readCluster));
    try {
      const copy = await this.open(name, setUp);
      try {
        return await use(copy);
      } finally {
        await copy.close();
      }
    } finally {
      await this.admin(async (admin) => {
        await this.drop(admin, name);
        if (before) await this.put(admin, before);
      });
    }
  }

  private async put(admin: Session, cluster: Cluster): Promise<void> {
    for (const line of await putCluster(admin, cluster)) this.tell(line);
  }

  /** Drops the former shadow, and the template when it is of another base. */
  private async clear(admin: Session, fingerprint: string): Promise<void> {
    const { current, template } = this;
    this.current = undefined;
    if (current) await this.drop(admin, current.name);
    if (!template || template.fingerprint === fingerprint) return;
    this.template = undefined;
    await this.drop(admin, template.name);
  }

  private async prepare(admin: Session, base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<Template> {
    const name = await this.createTemplate(admin);
    try {
      await this.fill(name, base, signal);
    } catch (error) {
      await this.drop(admin, name);
      throw error;
    }
    return { name, fingerprint: base.fingerprint };
  }

  /** A server of ours may lack a locale that the target's has. */
  private async createTemplate(admin: Session): Promise<string> {
    const { likeTarget, kind } = this.options;
    try {
      return await this.create(admin, `template template0 ${likeTarget}`);
    } catch (error) {
      if (kind !== 'private' || likeTarget === '' || !(error instanceof Fault) || error.code !== 'no-shadow')
        throw error;
      this.tell(error.detail);
      return this.create(admin, 'template template0');
    }
  }

  private async fill(name: string, base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<void> {
    const session = await this.options.database(name).open('write');
    try {
      const refused = base.kind === 'dump' ? await restore(session, base.sql, signal) : [];
      for (const line of refused) this.tell(line);
      if (!base.setUp.publicSchema) await session.run('drop schema public');
    } finally {
      await session.close();
    }
  }

  private async copyOf(admin: Session, template: string, setUp: SetUp): Promise<string> {
    // Copying files is quicker than writing them to the log, where nothing has to survive a crash.
    const name = await this.create(
      admin,
      `template ${quoteIdentifier(template)}${this.isOurs ? ' strategy file_copy' : ''}`,
    );
    const owned =
      this.pristine && setUp.owner !== undefined
        ? [`alter database ${quoteIdentifier(name)} owner to ${quoteIdentifier(setUp.owner)}`]
        : [];
    for (const statement of [...owned, ...databaseStatements(name, setUp)]) {
      const answer = await admin.run(statement);
      if (answer.kind === 'refused') this.tell(`${answer.refusal.message}: ${statement}`);
    }
    return name;
  }

  private async create(admin: Session, clauses: string): Promise<string> {
    const name = `${shadowPrefix}${process.pid}_${randomBytes(4).toString('hex')}`;
    await this.command(admin, `create database ${quoteIdentifier(name)} ${clauses}`);
    this.mine.add(name);
    await this.command(admin, `comment on database ${quoteIdentifier(name)} is ${quoteLiteral(ownership)}`);
    return name;
  }

  private async open(name: string, setUp: SetUp): Promise<Session> {
    const session = await this.options.database(name).open('write');
    await this.become(session, setUp);
    return session;
  }

  private async startOver(session: Session, setUp: SetUp): Promise<void> {
    await session.run('discard all');
    await this.become(session, setUp);
  }

  /** On a server of ours nobody can log in as the user that the migrations run as. */
  private async become(session: Session, { user }: SetUp): Promise<void> {
    if (!this.isOurs || user === undefined) return;
    const answer = await session.run(`set session authorization ${quoteIdentifier(user)}`);
    if (answer.kind === 'refused') throw new Fault('no-shadow', `${answer.refusal.message} (${this.options.label}).`);
  }

  private async dropAll(admin: Session): Promise<void> {
    this.template = undefined;
    for (const name of this.mine) await this.drop(admin, name);
  }

  private async drop(admin: Session, name: string): Promise<void> {
    await endPrepared(admin, name, this.options.database(name));
    await this.command(admin, `drop database if exists ${quoteIdentifier(name)} with (force)`);
    this.mine.delete(name);
  }

  private async command(admin: Session, sql: string): Promise<void> {
    const answer = await admin.run(sql);
    if (answer.kind === 'done') return;
    const { sqlState, message } = answer.refusal;
    const code = sqlState === '42501' ? 'no-right' : sqlState === '53100' ? 'disk-full' : 'no-shadow';
    throw new Fault(code, `${message} (${this.options.label}).`);
  }

  private tell(line: string): void {
    this.options.log(`the shadow lacks: ${line}`);
  }
}
