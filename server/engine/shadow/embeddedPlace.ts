/** Shadows in the embedded Postgres: one engine in a worker, put back to a saved copy instead of made anew. */
import { filesStamp } from '../base/filesStamp';
import { asOurselves } from '../database/aside';
import { embeddedDatabase } from '../database/embedded';
import { assetPath } from '../database/embeddedAssets';
import type { EmbeddedSession, SavedCopy } from '../database/embeddedSession';
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';
import { type Base, emptyBase, reachingOf } from './base';
import type { Image, Shadow, ShadowPlace } from './place';
import { demand, forgetScript } from './forgetScript';
import { refusedOf } from './refused';
import { restore } from './restore';
import { roleStatements } from './roles';
import { beginningStatements, databaseStatements, sessionStatements } from './setUp';

export interface EmbeddedPlaceOptions {
  readonly assets: string;
  readonly log: (line: string) => void;
}

/** Known before it is started, so that nothing has to be started to say it; a test compares it with what the engine says. */
export const embeddedVersion = '18.6';

/** As a session on the engine calls it. */
export const embeddedLabel = `PGlite (PostgreSQL ${embeddedVersion})`;

export function embeddedPlace(options: EmbeddedPlaceOptions): ShadowPlace {
  const shadows = new EmbeddedShadows(options);
  return {
    kind: 'embedded',
    label: embeddedLabel,
    serverVersion: embeddedVersion,
    shared: false,
    // Another build of ours may ship another engine, or begin it in another way.
    imagesOf: `${embeddedVersion} ${filesStamp([options.assets, assetPath(options.assets, '')])}`,
    fresh: (base, signal, image) => shadows.fresh(base, signal, image),
    close: () => shadows.close(),
  };
}

interface PreparedSession {
  readonly session: EmbeddedSession;
  /** Of the base or the image. */
  readonly key: string;
  /** The base as it was loaded, or the image. */
  readonly copy: SavedCopy;
}

class EmbeddedShadows {
  private prepared: PreparedSession | undefined;
  /** Ends when nothing is being prepared. */
  private preparing: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: EmbeddedPlaceOptions) {}

  async fresh(base: Base, signal: AbortSignal, image: Image | undefined): Promise<Shadow> {
    // One that was being prepared for somebody who has given up may be what is wanted now.
    await this.preparing;
    const known = this.prepared;
    const fits = known && !known.session.lost && known.key === keyOf(base, image);
    if (fits) await known.session.restore(known.copy);
    const { session } = fits ? known : await this.prepareAlone(base, signal, image);
    await this.take(session, base);
    return this.shadow(session, base);
  }

  /** What is being prepared ends with it. */
  async close(): Promise<void> {
    await this.preparing;
    await this.end();
  }

  private async end(): Promise<void> {
    const former = this.prepared;
    this.prepared = undefined;
    await former?.session.close();
  }

  private prepareAlone(base: Base, signal: AbortSignal, image: Image | undefined): Promise<PreparedSession> {
    // Two at once would leave the one that is ready first to nobody.
    const preparing = this.preparing.then(() => this.prepare(base, signal, image));
    // Who has asked for it hears of a failure; who comes next only waits for its end.
    this.preparing = preparing.catch(() => undefined);
    return preparing;
  }

  /** The session is then as one that has just been opened. */
  private async prepare(base: Base, signal: AbortSignal, image: Image | undefined): Promise<PreparedSession> {
    await this.end();
    const { assets } = this.options;
    const start = { file: base.kind === 'file' ? base.path : undefined, image: await image?.read() };
    const session = await embeddedDatabase({ ...start, assets, label: 'the shadow', name: 'shadow' }).open('read');
    try {
      const isThere = image !== undefined || base.kind === 'file' || base.fingerprint === emptyBase.fingerprint;
      const copy = isThere ? session.begun : await this.filled(session, base, signal);
      return (this.prepared = { session, key: keyOf(base, image), copy });
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  private async filled(
    session: EmbeddedSession,
    base: Exclude<Base, { kind: 'file' }>,
    signal: AbortSignal,
  ): Promise<SavedCopy> {
    await this.fill(session, base, signal);
    const copy = await session.save();
    await session.forget(session.begun);
    await session.restore(copy);
    return copy;
  }

  private async fill(
    session: EmbeddedSession,
    base: Exclude<Base, { kind: 'file' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { setUp } = base;
    const { database, user } = session.server;
    const mine = setUp.roles.roles.filter(({ name }) => name !== user);
    await this.runAll(session, roleStatements({ ...setUp.roles, roles: mine }));
    const refused = base.kind === 'dump' ? await restore(session, base.sql, reachingOf(base), signal) : [];
    for (const line of refused) this.tell(line);
    if (!setUp.publicSchema) await session.run('drop schema public');
    await this.runAll(session, beginningStatements(setUp));
    const owned =
      setUp.owner === undefined
        ? []
        : [`alter database ${quoteIdentifier(database)} owner to ${quoteIdentifier(setUp.owner)}`];
    await this.runAll(session, [...owned, ...databaseStatements(database, setUp)]);
  }

  private async runAll(session: Session, statements: readonly string[]): Promise<void> {
    for (const line of await refusedOf(session, statements)) this.tell(line);
  }

  private shadow(session: EmbeddedSession, base: Base): Shadow {
    const become = () => this.become(session, base);
    const take = () => this.take(session, base);
    const startOver = async (): Promise<void> => {
      // A backend without a postmaster knows no default to go back to.
      await session.run(asOurselves(session));
      await session.run('discard all');
      await become();
    };
    return {
      session,
      startOver,
      async startScript() {
        await demand(session, `${asOurselves(session)}; ${forgetScript}`);
        await become();
      },
      async withCopy(use) {
        // The engine starts on the name that it has given itself.
        await session.run(asOurselves(session));
        await rename(session, session.server.database);
        const copy = await session.save();
        await take();
        try {
          return await use(session, () => session.dump());
        } finally {
          if (!session.lost) {
            await session.restore(copy);
            await session.forget(copy);
            await take();
          }
        }
      },
      async image() {
        await session.run(asOurselves(session));
        const [found] = await session.rows<{ unlogged: boolean }>(
          `select exists (select from pg_catalog.pg_class where relpersistence = 'u') as unlogged`,
        );
        await rename(session, session.server.database);
        // An engine that starts on files which nobody has shut down empties unlogged tables, as after a crash.
        const image = found?.unlogged ? undefined : await session.image();
        await take();
        return image;
      },
      dump: () => session.dump(),
    };
  }

  /** What a session begins with that has just been started; its database gets the name of the target's. */
  private async take(session: Session, base: Base): Promise<void> {
    if (base.kind !== 'file' && base.setUp.database !== undefined) await rename(session, base.setUp.database);
    await this.become(session, base);
  }

  /** A backend without a postmaster does not look at the settings of its database (`process_settings` in Postgres). */
  private async become(session: Session, base: Base): Promise<void> {
    for (const statement of sessionStatements(base.kind === 'file' ? base : base.setUp)) await session.run(statement);
    if (base.kind === 'file' || base.setUp.user === undefined) return;
    const answer = await session.run(`set session authorization ${quoteIdentifier(base.setUp.user)}`);
    if (answer.kind === 'refused') this.tell(answer.refusal.message);
  }

  private tell(line: string): void {
    this.options.log(`the shadow lacks: ${line}`);
  }
}

const keyOf = (base: Base, image: Image | undefined): string => image?.key ?? base.fingerprint;

/** Postgres renames no database that somebody is connected to, and here nobody can be connected to another one. */
async function rename(session: Session, name: string): Promise<void> {
  await session.rows(
    `update pg_catalog.pg_database set datname = $1
      where datname = pg_catalog.current_database()
        and not exists (select from pg_catalog.pg_database where datname = $1)`,
    [name],
  );
}
