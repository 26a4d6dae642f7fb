/** A session on a server of our own as the user of the target, which nobody can log in as there. */
import { Fault } from '../base/fault';
import type { Database } from '../database/database';
import type { Answer, Refusal, RunOptions, Server, Session } from '../database/session';
import { demand, forgetScript } from './forgetScript';

/** It stays the same for those who use it when its connection has to be made anew. */
export class UserSession implements Session {
  /** Of the database, as they were when the connection was made. */
  #settings: string | null = null;

  private constructor(
    private readonly database: Database,
    private readonly user: string | undefined,
    private readonly label: string,
    private connection: Session,
  ) {}

  /**
   * @param user undefined for the one that logs in
   * @param label of the server, for people
   * @throws {Fault} `no-shadow` when there is no such user; as Database.open
   */
  static async open(database: Database, user: string | undefined, label: string): Promise<UserSession> {
    const session = new UserSession(database, user, label, await database.open('write'));
    try {
      session.#settings = await session.#become();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** As Shadow.startOver. A new connection is made only where the settings of the database have changed. */
  async startOver(): Promise<void> {
    await this.connection.run('discard all');
    if ((await this.#become()) === this.#settings) return;
    await this.connection.close();
    this.connection = await this.database.open('write');
    this.#settings = await this.#become();
  }

  /** As Shadow.startScript: in the middle of a transaction the connection stays. */
  async startScript(): Promise<void> {
    await demand(this.connection, `reset session authorization; ${forgetScript}`);
    await this.#become();
  }

  /** @returns the settings that a new connection would have, in the same exchange, because this is asked for with each check */
  async #become(): Promise<string | null> {
    try {
      const [row] = await this.connection.rows<{ settings: string | null }>(
        `select pg_catalog.set_config('session_authorization', $1, false),
                (select pg_catalog.string_agg(setconfig::text, ' ' order by setdatabase) from pg_catalog.pg_db_role_setting
                  where setrole = 0 and setdatabase in (
                    0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))) as settings`,
        [this.user ?? this.server.user],
      );
      return row?.settings ?? null;
    } catch (error) {
      if (error instanceof Fault && error.code === 'refused') throw new Fault('no-shadow', error.detail, error);
      throw error;
    }
  }

  get server(): Server {
    return { ...this.connection.server, label: this.label };
  }

  get transaction(): Session['transaction'] {
    return this.connection.transaction;
  }

  get lost(): boolean {
    return this.connection.lost;
  }

  run(sql: string, options?: RunOptions): Promise<Answer> {
    return this.connection.run(sql, options);
  }

  async parse(sql: string): Promise<Refusal | undefined> {
    return this.connection.parse?.(sql);
  }

  rows<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    return this.connection.rows<Row>(sql, values);
  }

  copyIn(sql: string, rows: AsyncIterable<Buffer>): Promise<Answer> {
    if (!this.connection.copyIn) throw new Error('a session on a server streams');
    return this.connection.copyIn(sql, rows);
  }

  cancel(): Promise<void> {
    return this.connection.cancel();
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  end(): Promise<void> {
    return this.connection.end();
  }
}
