/**
 * The live schema of a target. A dump takes longer than people like to wait for their first answer: where the target
 * looks as it did when it was last dumped, that dump is believed, until a new one has shown whether it is true.
 */
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { DiskCache } from '../base/diskCache';
import { untilAborted } from '../base/untilAborted';
import { version } from '../base/version';
import type { Database } from '../database/database';
import type { Session } from '../database/session';
import type { Access } from './access';
import { type Base, dumpBase, type DumpBase, liveBase } from '../shadow/base';
import { readSetUp, type SetUp } from '../shadow/setUp';
import { type Learned, reachingIn } from '../sql/reachingSchema';

/** What a look at the target has told of it. */
export interface SchemaSeen {
  readonly setUp: SetUp;
  /** Server, database and state of its catalogs; undefined where the server does not tell who it is. */
  readonly identity: string | undefined;
}

/** @param catalog stamp of the catalogs */
export async function schemaSeen(session: Session, catalog: string): Promise<SchemaSeen> {
  const server = await identityOf(session);
  return { setUp: await readSetUp(session), identity: server && `${server} ${catalog}` };
}

/** Undefined where we may not know. */
async function identityOf(session: Session): Promise<string | undefined> {
  const answer = await session.rows<{ may: boolean }>(
    `select pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute') as may`,
  );
  if (!answer[0]?.may) return undefined;
  const [row] = await session.rows<{ identity: string }>(
    `select pg_catalog.concat_ws(' ', system_identifier, oid, pg_catalog.version()) as identity
       from pg_catalog.pg_control_system(), pg_catalog.pg_database where datname = pg_catalog.current_database()`,
  );
  return row?.identity;
}

export class LiveSchema {
  private base: Promise<Base> | undefined;
  private believed: SchemaSeen | undefined;
  private proof: { readonly isTrue: Promise<boolean>; readonly end: AbortController } | undefined;

  constructor(
    private readonly database: Database,
    private readonly access: Access,
    private readonly cache: DiskCache,
  ) {}

  /** The next one who asks looks anew. */
  forget(): void {
    this.base = undefined;
    this.believed = undefined;
    this.proof?.end.abort();
    this.proof = undefined;
  }

  /** The same one until `forget`, or until `confirm` has found another. */
  async read(seen: SchemaSeen, signal: AbortSignal): Promise<Base> {
    const base = (this.base ??= this.fromDisk(seen).then((kept) => kept ?? this.dump(seen, signal)));
    try {
      return await base;
    } catch (error) {
      if (this.base === base) this.base = undefined;
      throw error;
    }
  }

  /** What `read` gives without asking the target, if anything. */
  async atHand(seen: SchemaSeen): Promise<Base | undefined> {
    if (!this.base) {
      const kept = await this.fromDisk(seen);
      if (kept) this.base ??= Promise.resolve(kept);
    }
    return this.base;
  }

  /**
   * Dumps what was only believed; that goes on when `signal` comes first.
   *
   * @returns false when `read` has given something else until now
   * @throws as Database.dump
   */
  async confirm(seen: SchemaSeen, signal: AbortSignal): Promise<boolean> {
    const base = await this.read(seen, signal);
    if (!this.believed) return true;
    if (!this.proof) {
      const end = new AbortController();
      this.proof = { isTrue: this.prove(base, this.believed, end.signal), end };
    }
    return untilAborted(this.proof.isTrue, signal);
  }

  /** Nothing of ours is connected to the target then. */
  async rest(): Promise<void> {
    const { proof } = this;
    proof?.end.abort();
    await proof?.isTrue.catch(() => undefined);
  }

  private async prove(base: Base, seen: SchemaSeen, signal: AbortSignal): Promise<boolean> {
    try {
      const dumped = await this.live(seen.setUp, signal);
      if (signal.aborted || dumped.fingerprint === base.fingerprint) return true;
      this.base = Promise.resolve(await this.keep(seen, dumped));
      return false;
    } finally {
      if (!signal.aborted) this.believed = undefined;
      this.proof = undefined;
    }
  }

  private async fromDisk({ setUp, identity }: SchemaSeen): Promise<DumpBase | undefined> {
    const kept = identity === undefined ? undefined : await this.cache.read(keyOf(identity));
    if (!kept) return undefined;
    this.believed = { setUp, identity };
    const { sql, reaching } = deserialize(kept) as Kept;
    return { ...dumpBase(sql, setUp), reaching };
  }

  private live(setUp: SetUp, signal: AbortSignal): Promise<DumpBase> {
    return this.access.question(() => liveBase(this.database, setUp, signal), signal);
  }

  private async dump(seen: SchemaSeen, signal: AbortSignal): Promise<DumpBase> {
    return this.keep(seen, await this.live(seen.setUp, signal));
  }

  private async keep({ identity }: SchemaSeen, base: DumpBase): Promise<DumpBase> {
    const kept: Kept = { sql: base.sql, reaching: reachingIn(base.sql) };
    // Nobody waits for it: what is not there at the next start is dumped again.
    if (identity !== undefined) void this.cache.put(keyOf(identity), serialize(kept));
    return { ...base, ...kept };
  }
}

/** Files are there whole or not at all, so that what is read is what was written. */
interface Kept {
  readonly sql: string;
  /** What the rules of this version tell of it. */
  readonly reaching: readonly Learned[];
}

const keyOf = (identity: string): string =>
  `dump-${createHash('sha256').update(`${version} ${process.versions.v8} ${identity}`).digest('hex').slice(0, 32)}`;
