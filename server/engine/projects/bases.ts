/** What do the shadows stand upon? The live schema, perhaps with rows; the file of the embedded engine; or nothing. */
import { type Base, emptyAfter, emptyLike, fileBase } from '../shadow/base';
import { type Beginning, setUpAfter } from '../shadow/setUp';
import type { LiveTarget } from './live';
import type { LiveSchema } from './liveSchema';
import type { Target } from './target';
import { fileStamp } from './targetWatch';
import type { Workshop, WorkshopKind } from './workshop';

export class Bases {
  constructor(
    private readonly target: Target,
    private readonly beginning: Beginning,
    private readonly live: LiveTarget,
    private readonly schema: LiveSchema,
  ) {}

  /** Rows that were copied upon another schema are of no use. */
  async of(kind: WorkshopKind, { copiedRows }: Workshop, signal: AbortSignal): Promise<Base> {
    if (kind === 'replay') return this.empty(signal);
    const live = await this.ofLiveSchema(signal);
    return copiedRows?.upon === live.fingerprint ? copiedRows.base : live;
  }

  /** The same one until the target is forgotten, or until `confirm` has found another. */
  async ofLiveSchema(signal: AbortSignal): Promise<Base> {
    const { schema } = await this.live.read(signal);
    return schema ? this.schema.read(schema, signal) : this.ofFile();
  }

  /** The live schema as pg_dump tells it, as it is and not as it is believed to be. */
  async dump(signal: AbortSignal): Promise<string> {
    await this.confirm(signal);
    const base = await this.ofLiveSchema(signal);
    return base.kind === 'dump' ? base.sql : this.target.database.dump(signal);
  }

  /**
   * Whether the live schema was truly what the shadows stand upon; if not, they are made upon the true one from now on.
   * Quick, but for the first time.
   */
  async confirm(signal: AbortSignal): Promise<boolean> {
    const { schema } = await this.live.read(signal);
    return schema === undefined || (await this.schema.confirm(schema, signal));
  }

  /** Like the target's, for a replay from the first migration on. */
  private async empty(signal: AbortSignal): Promise<Base> {
    const { schema } = await this.live.read(signal);
    return schema ? emptyLike(schema.setUp) : emptyAfter(this.beginning);
  }

  private ofFile(): Base {
    if (this.target.kind !== 'embedded') throw new Error('a server has a set-up');
    const { path } = this.target;
    const stamp = fileStamp(path);
    return stamp === undefined
      ? emptyAfter(this.beginning)
      : fileBase(path, stamp, setUpAfter(this.beginning).settings);
  }
}
