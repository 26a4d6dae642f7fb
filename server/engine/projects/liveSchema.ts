/**
 * The live schema of a target. A dump takes longer than people like to wait for their first answer: where the target
 * looks as it did when it was last dumped, that dump is believed, until a new one has shown whether it is true.
 */
import { deserialize, serialize } from 'node:v8';
import { digestOf } from '../base/digest';
import type { DiskCache } from '../base/diskCache';
import { untilAborted } from '../base/untilAborted';
import { version } from '../base/version';
import type { Database } from '../database/database';
import { databaseIdentity } from '../database/serverIdentity';
import type { Session } from '../database/session';
import type { Access } from './access';
import { type Base, dumpBase, type DumpBase, liveBase } from '../shadow/base';
import { type Beginning, readSetUp, type SetUp } from '../shadow/setUp';
import { type Learned, reachingIn } from '../sql/reachingSchema';

/** What a look at the target has told of it. */
export interface SchemaSeen {
  readonly setUp: SetUp;
  /** As DatabaseIdentity says. */
  readonly database: string;
  /** Server, database and state of its catalogs; undefined where the server does not tell who it is. */
  readonly identity: string | undefined;
}

/** @param catalog stamp of the catalogs */
export async function schemaSeen(session: Session, catalog: string, beginning: Beginning): Promise<SchemaSeen> {
  const { server, database, version: build } = await databaseIdentity(session);
  const setUp = await readSetUp(session, beginning);
  return { setUp, database, identity: server && [server, database, build, catalog].join(' ') };
}

interface Reading {
  readonly base: Promise<DumpBase>;
  /** It was taken from the disk, and nothing has shown yet that it is true. */
  isBelieved: boolean;
  proof?: Promise<boolean> | undefined;
}

export class LiveSchema {
  private reading: Reading | undefined;
  /** What asks the target now. */
  private readonly dumping = new Map<Promise<unknown>, AbortController>();

  constructor(
    private readonly database: Database,
    private readonly access: Access,
    private readonly cache: DiskCache,
  ) {}

  /** The next one who asks looks anew. */
  forget(): void {
    this.reading = undefined;
  }

  /**
   * The same one until `forget`, or until `confirm` has found another.
   *
   * @throws as Database.dump
   */
  async read(seen: SchemaSeen, signal: AbortSignal): Promise<Base> {
    const reading = (this.reading ??= this.begin(seen));
    try {
      return await untilAborted(reading.base, signal);
    } catch (error) {
      if (!signal.aborted && this.reading === reading) this.reading = undefined;
      throw error;
    }
  }

  /** What `read` gives, where the target need not be asked for it. */
  async atHand(seen: SchemaSeen): Promise<Base | undefined> {
    const kept = this.reading ? undefined : await this.fromDisk(seen);
    if (kept) this.reading ??= { base: Promise.resolve(kept), isBelieved: true };
    return this.reading?.isBelieved ? this.reading.base : undefined;
  }

  /**
   * Dumps what was only believed; that goes on when `signal` comes first.
   *
   * @returns false when `read` has given something else until now
   * @throws as Database.dump
   */
  async confirm(seen: SchemaSeen, signal: AbortSignal): Promise<boolean> {
    const base = await this.read(seen, signal);
    const { reading } = this;
    if (!reading?.isBelieved) return true;
    reading.proof ??= this.prove(reading, base, seen).finally(() => {
      reading.proof = undefined;
    });
    return untilAborted(reading.proof, signal);
  }

  /** Nothing of ours is connected to the target then. */
  async rest(): Promise<void> {
    for (const end of this.dumping.values()) end.abort();
    await Promise.allSettled(this.dumping.keys());
  }

  private begin(seen: SchemaSeen): Reading {
    const fromDisk = this.fromDisk(seen);
    const reading: Reading = {
      isBelieved: false,
      base: fromDisk.then(async (kept) => {
        if (kept) reading.isBelieved = true;
        return kept ?? this.keep(seen, await this.dump(seen));
      }),
    };
    return reading;
  }

  private async prove(reading: Reading, base: Base, seen: SchemaSeen): Promise<boolean> {
    const dumped = await this.dump(seen);
    reading.isBelieved = false;
    if (dumped.fingerprint === base.fingerprint) return true;
    const kept = Promise.resolve(this.keep(seen, dumped));
    if (this.reading === reading) this.reading = { base: kept, isBelieved: false };
    return false;
  }

  private async fromDisk({ setUp, identity }: SchemaSeen): Promise<DumpBase | undefined> {
    const key = identity === undefined ? undefined : keyOf(identity);
    const content = key === undefined ? undefined : await this.cache.read(key);
    if (key === undefined || !content) return undefined;
    const kept = keptIn(content);
    if (!kept) await this.cache.remove(key);
    return kept && { ...dumpBase(kept.sql, setUp), reaching: kept.reaching };
  }

  private async dump({ setUp }: SchemaSeen): Promise<DumpBase> {
    const end = new AbortController();
    const dumping = this.access.question(() => liveBase(this.database, setUp, end.signal), end.signal);
    this.dumping.set(dumping, end);
    try {
      return await dumping;
    } finally {
      this.dumping.delete(dumping);
    }
  }

  private keep({ identity }: SchemaSeen, base: DumpBase): DumpBase {
    const kept: Kept = { sql: base.sql, reaching: reachingIn(base.sql) };
    // Nobody waits for it: what is not there at the next start is dumped again.
    if (identity !== undefined && !holdsLogins.test(base.sql)) void this.cache.put(keyOf(identity), serialize(kept));
    return { ...base, ...kept };
  }
}

/** Passwords of other servers stay in the database. */
const holdsLogins = /^(?:CREATE|ALTER) (?:USER MAPPING|SUBSCRIPTION) /m;

/** Undefined when it is damaged. */
function keptIn(content: Buffer): Kept | undefined {
  try {
    return deserialize(content) as Kept;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

interface Kept {
  readonly sql: string;
  /** What the rules of this version tell of it. */
  readonly reaching: readonly Learned[];
}

const keyOf = (identity: string): string => `dump-${digestOf(version, process.versions.v8, identity)}`;
