/** Shadows in the embedded Postgres: one engine in a worker, put back to a saved copy instead of made anew. */
import { embeddedDatabase } from '../database/embedded';
import type { EmbeddedSession, SavedCopy } from '../database/embeddedSession';
import { quoteIdentifier } from '../database/quote';
import { type Base, setting, type SetUp } from './base';
import type { Shadow, ShadowPlace } from './place';
import { restore } from './restore';

export interface EmbeddedPlaceOptions {
  readonly assets: string;
  readonly log: (line: string) => void;
}

/** Known before it is started, so that nothing has to be started to say it; a test compares it with what the engine says. */
export const embeddedVersion = '18.6';

export function embeddedPlace(options: EmbeddedPlaceOptions): ShadowPlace {
  const shadows = new EmbeddedShadows(options);
  return {
    kind: 'embedded',
    label: `PGlite (PostgreSQL ${embeddedVersion})`,
    serverVersion: embeddedVersion,
    shared: false,
    fresh: (base, signal) => shadows.fresh(base, signal),
    close: () => shadows.close(),
  };
}

interface Prepared {
  readonly session: EmbeddedSession;
  readonly base: string;
  /** The base as it was loaded. */
  readonly copy: SavedCopy;
}

class EmbeddedShadows {
  private prepared: Prepared | undefined;

  constructor(private readonly options: EmbeddedPlaceOptions) {}

  async fresh(base: Base, signal: AbortSignal): Promise<Shadow> {
    const known = this.prepared;
    if (known && !known.session.lost && known.base === base.fingerprint) {
      await known.session.restore(known.copy);
      return this.shadow(known.session, base);
    }
    await this.close();
    const session = await this.load(base, signal);
    this.prepared = { session, base: base.fingerprint, copy: await session.save() };
    return this.shadow(session, base);
  }

  async close(): Promise<void> {
    const former = this.prepared;
    this.prepared = undefined;
    await former?.session.close();
  }

  private async load(base: Base, signal: AbortSignal): Promise<EmbeddedSession> {
    const { assets, log } = this.options;
    const file = base.kind === 'file' ? base.path : undefined;
    const session = await embeddedDatabase({ file, assets, label: 'the shadow', name: 'shadow' }).open('read');
    try {
      if (base.kind !== 'file') await this.setUp(session, base.setUp);
      const refused = base.kind === 'dump' ? await restore(session, base.sql, signal) : [];
      for (const line of refused) log(`the shadow lacks: ${line}`);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  private async setUp(session: EmbeddedSession, { roles, settings }: SetUp): Promise<void> {
    const database = quoteIdentifier(session.server.database);
    for (const statement of [...roles, ...settings.map((it) => `alter database ${database} ${setting(it)}`)]) {
      const answer = await session.run(statement);
      if (answer.kind === 'refused') this.options.log(`the shadow lacks: ${answer.refusal.message}`);
    }
  }

  private async shadow(session: EmbeddedSession, base: Base): Promise<Shadow> {
    const settle = () => this.become(session, base);
    await settle();
    return {
      session,
      async withCopy(use) {
        const copy = await session.save();
        try {
          return await use(session);
        } finally {
          if (!session.lost) {
            await session.restore(copy);
            await session.forget(copy);
            await settle();
          }
        }
      },
      dump: () => session.dump('schema'),
    };
  }

  /** The settings of the database and the role that the target's user has count from the start of a session on. */
  private async become(session: EmbeddedSession, base: Base): Promise<void> {
    if (base.kind === 'file') return;
    for (const kept of base.setUp.settings) await session.run(setting(kept));
    if (base.setUp.user !== undefined)
      await session.run(`set session authorization ${quoteIdentifier(base.setUp.user)}`);
  }
}
