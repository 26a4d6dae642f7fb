/** The databases that a place for shadows has on its server: made, copied, renamed and dropped by one that may. */
import { randomBytes } from 'node:crypto';
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import { onSession } from '../database/onSession';
import { quoteIdentifier, quoteLiteral } from '../database/quote';
import type { Session } from '../database/session';
import { endPrepared } from './cluster';
import { ownership, shadowPrefix } from './orphans';
import { refusedOf } from './refused';
import { databaseStatements, type SetUp } from './setUp';
import { allowDrop, inheritDatabase } from './twin';
import { UserSession } from './userSession';

export interface DatabaseOptions {
  readonly kind: 'private' | 'same-server' | 'url';
  readonly label: string;
  /** The server's databases by name, with no timeouts of the server in force. */
  readonly database: (name: string) => Database;
  /** Name of the one where `create database` is run from. */
  readonly home: string;
  /** Where its files are, so that one can see which disk is full; of a server of ours. */
  readonly folder?: string;
  /** Clauses that give a new database the encoding and collation of the target. */
  readonly likeTarget: string;
  readonly log: (line: string) => void;
}

/** A class because it knows which databases are its own. */
export class ShadowDatabases {
  private readonly own: Set<string>;
  private homeNow: string;

  /** @param own names of those that are there already */
  constructor(
    private readonly options: DatabaseOptions,
    own: readonly string[],
  ) {
    this.own = new Set(own);
    this.homeNow = options.home;
  }

  /** Where `create database` is run from. */
  get home(): string {
    return this.homeNow;
  }

  get names(): ReadonlySet<string> {
    return this.own;
  }

  /** The whole server is ours. */
  get areAlone(): boolean {
    return this.options.kind === 'private';
  }

  /** A session is opened for each piece of work: one that lasted would be in the way of others, and could get lost. */
  admin<T>(use: (admin: Session) => Promise<T>): Promise<T> {
    return onSession(this.options.database(this.home).open('read'), use);
  }

  /** On a server of ours nobody can log in as the user that the migrations run as. */
  open(name: string, { user }: SetUp): Promise<Session> {
    const database = this.options.database(name);
    return this.areAlone ? UserSession.open(database, user, this.where) : database.open('write');
  }

  /**
   * On a server of ours, statements that name the target's database mean the shadow. Nobody connects to `template0`,
   * which new databases are made of.
   */
  async nameFor({ database }: SetUp): Promise<string> {
    const name = this.areAlone && database !== undefined && database !== 'template0' ? database : nameOfOurs();
    if (name === this.home) await this.moveHome();
    return name;
  }

  /** The shadow is to have the name of the database where we do our work. */
  private async moveHome(): Promise<void> {
    const aside = nameOfOurs();
    await onSession(this.options.database('template1').open('read'), (session) =>
      this.command(session, renaming(this.home, aside)),
    );
    this.homeNow = aside;
  }

  /** Makes a name free that another database of a server of ours has. */
  async vacate(admin: Session, name: string): Promise<void> {
    if (!this.areAlone) return;
    const taken = await admin.rows('select from pg_catalog.pg_database where datname = $1', [name]);
    if (taken.length === 0) return;
    if (this.own.has(name)) await this.drop(admin, name);
    else await this.command(admin, renaming(name, nameOfOurs()));
  }

  /** An empty one. A server of ours may lack a locale that the target's has. */
  async createTemplate(admin: Session, name: string): Promise<void> {
    const { likeTarget } = this.options;
    try {
      await this.create(admin, name, `template template0 ${likeTarget}`);
    } catch (error) {
      if (!this.areAlone || likeTarget === '' || !(error instanceof Fault) || error.code !== 'no-shadow') throw error;
      this.tell(error.detail);
      await this.create(admin, name, 'template template0');
    }
  }

  /** With the settings and rights of the target's database. */
  async copyTo(admin: Session, name: string, template: string, setUp: SetUp): Promise<void> {
    await this.create(admin, name, this.areAlone ? copying(admin, template) : `template ${quoteIdentifier(template)}`);
    const owned =
      this.areAlone && setUp.owner !== undefined
        ? [`alter database ${quoteIdentifier(name)} owner to ${quoteIdentifier(setUp.owner)}`]
        : [];
    for (const line of await refusedOf(admin, [...owned, ...databaseStatements(name, setUp)])) this.tell(line);
  }

  /** A copy that has the settings and rights of the one that it is made of. */
  async twin(admin: Session, name: string, template: string): Promise<void> {
    await this.create(admin, name, copying(admin, template));
    await inheritDatabase(admin, template, name);
  }

  /** One of our own. Nobody may be connected to it. */
  async rename(admin: Session, from: string, to: string): Promise<void> {
    await this.command(admin, renaming(from, to));
    this.own.delete(from);
    this.own.add(to);
  }

  async drop(admin: Session, name: string): Promise<void> {
    await endPrepared(admin, name, this.options.database(name));
    if (this.areAlone) await allowDrop(admin, name);
    await this.command(admin, `drop database if exists ${quoteIdentifier(name)} with (force)`);
    this.own.delete(name);
  }

  async dropAll(admin: Session): Promise<void> {
    for (const name of this.own) await this.drop(admin, name);
  }

  tell(line: string): void {
    this.options.log(`the shadow lacks: ${line}`);
  }

  private async create(admin: Session, name: string, clauses: string): Promise<void> {
    await this.command(admin, `create database ${quoteIdentifier(name)} ${clauses}`);
    this.own.add(name);
    if (!this.areAlone)
      await this.command(admin, `comment on database ${quoteIdentifier(name)} is ${quoteLiteral(ownership)}`);
  }

  private async command(admin: Session, sql: string): Promise<void> {
    const answer = await admin.run(sql);
    if (answer.kind === 'done') return;
    const { sqlState, message } = answer.refusal;
    const code = sqlState === '42501' ? 'no-right' : sqlState === '53100' ? 'disk-full' : 'no-shadow';
    throw new Fault(code, `${message} (${this.where}).`);
  }

  /** For people who look for what is in the way of the server. */
  private get where(): string {
    const { label, folder } = this.options;
    return folder === undefined ? label : `${label} in ${folder}`;
  }
}

export const nameOfOurs = (): string => `${shadowPrefix}${process.pid}_${randomBytes(4).toString('hex')}`;

const renaming = (from: string, to: string): string =>
  `alter database ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}`;

/** Copying files is quicker than writing them to the log, where nothing has to survive a crash. 14 knows nothing else. */
function copying({ server }: Session, template: string): string {
  const strategy = server.versionNumber >= 150_000 ? ' strategy file_copy' : '';
  return `template ${quoteIdentifier(template)}${strategy}`;
}
