/** Shadows on a Postgres server: one of our own, or one that others use too. Databases are made, copied and dropped. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Fault } from '../base/fault';
import { isAlive } from '../base/process';
import type { Database } from '../database/database';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import { type Base, setting, type SetUp } from './base';
import { restore } from './restore';
import type { Shadow, ShadowPlace } from './place';

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

const prefix = 'rehearsal_shadow_';

/** @throws {Fault} when the server does not answer or does not let us make databases */
export async function serverPlace(options: ServerPlaceOptions): Promise<ShadowPlace> {
  const admin = await options.database('').open('read');
  if (options.kind !== 'private') await dropOrphans(admin);
  const place = new ServerShadows(options, admin);
  const [row] = await admin.rows<{ version: string }>(
    `select pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) as version`,
  );
  const version = row?.version ?? '';
  return {
    kind: options.kind,
    label: options.kind === 'private' ? options.label : `${options.label} (PostgreSQL ${version})`,
    serverVersion: version,
    shared: options.kind !== 'private',
    fresh: (base, signal) => place.fresh(base, signal),
    close: () => place.close(),
  };
}

class ServerShadows {
  private readonly templates = new Map<string, string>();
  private current: { readonly name: string; session: Session } | undefined;
  private readonly mine = new Set<string>();

  constructor(
    private readonly options: ServerPlaceOptions,
    private readonly admin: Session,
  ) {}

  async fresh(base: Base, signal: AbortSignal): Promise<Shadow> {
    if (base.kind === 'file') throw new Error('a file of the embedded engine is no base for a server');
    await this.dropCurrent();
    if (this.options.kind === 'private') await this.forgetRoles(base.setUp);
    const template = this.templates.get(base.fingerprint) ?? (await this.prepare(base, signal));
    const name = await this.create(`template ${quoteIdentifier(template)} ${this.strategy}`);
    await this.settle(name, base.setUp);
    this.current = { name, session: await this.open(name, base.setUp) };
    return this.shadow(this.current, base.setUp);
  }

  async close(): Promise<void> {
    await this.dropCurrent();
    for (const name of this.mine) await this.drop(name);
    await this.admin.close();
    await this.options.end();
  }

  private shadow(current: { readonly name: string; session: Session }, setUp: SetUp): Shadow {
    const place = this;
    return {
      get session() {
        return current.session;
      },
      async withCopy(use) {
        // A template must have nobody connected, us included.
        await current.session.close();
        const name = await place.create(`template ${quoteIdentifier(current.name)} ${place.strategy}`);
        await place.settle(name, setUp);
        current.session = await place.open(current.name, setUp);
        const copy = await place.open(name, setUp);
        try {
          return await use(copy);
        } finally {
          await copy.close();
          await place.drop(name);
        }
      },
      dump: (signal) => place.options.database(current.name).dump('schema', signal),
    };
  }

  /** The base as a template, so that every later shadow is a copy of files. */
  private async prepare(base: Exclude<Base, { kind: 'file' }>, signal: AbortSignal): Promise<string> {
    const name = await this.create(`template template0 ${this.options.likeTarget}`);
    const session = await this.options.database(name).open('write');
    try {
      const refused = base.kind === 'dump' ? await restore(session, base.sql, signal) : [];
      for (const line of refused) this.options.log(`the shadow lacks: ${line}`);
    } finally {
      await session.close();
    }
    this.templates.set(base.fingerprint, name);
    return name;
  }

  /** Copying files is quicker than writing them to the log, where nothing has to survive a crash. */
  private get strategy(): string {
    return this.options.kind === 'private' ? 'strategy file_copy' : '';
  }

  private async create(clauses: string): Promise<string> {
    const name = `${prefix}${process.pid}_${randomBytes(4).toString('hex')}`;
    await this.command(`create database ${quoteIdentifier(name)} ${clauses}`);
    this.mine.add(name);
    await this.command(`comment on database ${quoteIdentifier(name)} is ${quoteLiteral(JSON.stringify(ownership))}`);
    return name;
  }

  private async settle(name: string, setUp: SetUp): Promise<void> {
    for (const kept of setUp.settings) await this.command(`alter database ${quoteIdentifier(name)} ${setting(kept)}`);
    if (this.options.kind === 'private' && setUp.owner !== undefined)
      await this.command(`alter database ${quoteIdentifier(name)} owner to ${quoteIdentifier(setUp.owner)}`);
  }

  private async open(name: string, setUp: SetUp): Promise<Session> {
    const session = await this.options.database(name).open('write');
    if (this.options.kind === 'private' && setUp.user !== undefined)
      await session.run(`set session authorization ${quoteIdentifier(setUp.user)}`);
    return session;
  }

  /** Roles are the server's: what an earlier rehearsal has made or dropped is put right. */
  private async forgetRoles(setUp: SetUp): Promise<void> {
    const strangers = await this.admin.rows<{ name: string }>(
      `select rolname as name from pg_catalog.pg_roles where rolname !~ '^pg_' and oid <> 10`,
    );
    for (const { name } of strangers) {
      await this.admin.run(`drop role ${quoteIdentifier(name)}`);
    }
    for (const role of setUp.roles) await this.command(role);
  }

  private async dropCurrent(): Promise<void> {
    const former = this.current;
    this.current = undefined;
    if (!former) return;
    await former.session.close();
    await this.drop(former.name);
  }

  private async drop(name: string): Promise<void> {
    await this.command(`drop database if exists ${quoteIdentifier(name)} with (force)`);
    this.mine.delete(name);
  }

  private async command(sql: string): Promise<void> {
    const answer = await this.admin.run(sql);
    if (answer.kind === 'done') return;
    const { sqlState, message } = answer.refusal;
    const code = sqlState === '42501' ? 'no-right' : sqlState === '53100' ? 'disk-full' : 'no-shadow';
    throw new Fault(code, `${message} (${this.options.label}).`, answer.refusal);
  }
}

const ownership = { application: 'rehearsal', host: hostname(), pid: process.pid };

/** Shadows on a shared server whose process on this machine is gone. */
async function dropOrphans(admin: Session): Promise<void> {
  const found = await admin.rows<{ name: string; comment: string | null }>(
    `select datname as name, pg_catalog.shobj_description(oid, 'pg_database') as comment from pg_catalog.pg_database
      where datname like $1 and pg_catalog.pg_get_userbyid(datdba) = session_user`,
    [`${prefix.replaceAll('_', '\\_')}%`],
  );
  for (const { name, comment } of found) {
    const owner = ownerIn(comment);
    if (owner?.host === ownership.host && !isAlive(owner.pid))
      await admin.run(`drop database if exists ${quoteIdentifier(name)} with (force)`);
  }
}

function ownerIn(comment: string | null): { host: unknown; pid: number } | undefined {
  const pid = /"pid":(\d+)/.exec(comment ?? '')?.[1];
  const host = /"host":"([^"]*)"/.exec(comment ?? '')?.[1];
  return pid === undefined || host === undefined ? undefined : { host, pid: Number(pid) };
}
