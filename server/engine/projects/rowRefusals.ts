/**
 * Which statements were refused with the rows of the target in the shadow, when they were there last?
 *
 * The first answer of a start comes before the rows do. What the shadow refuses without them, and has refused with them,
 * is then no doubt but an error, until they are there again and show it. No more than digests are kept of it: what
 * Postgres says of rows may hold values of the user.
 */
import { digestOf } from '../base/digest';
import type { DiskCache } from '../base/diskCache';
import { jsonIn } from '../base/json';
import type { Link } from '../rehearsal/link';
import type { PlacedOutcome } from '../rehearsal/outcome';
import type { Likeness } from '../rehearsal/rows';
import type { Base, DumpBase } from '../shadow/base';

/** One check's part. */
export interface RefusalsOfRows {
  /** How the rows have refused the same statement behind the same ones, upon the same schema; undefined when they have not. */
  likeness(outcome: Refused): Likeness | undefined;
  /** Of every file that was rehearsed. */
  learn(path: string, outcomes: readonly PlacedOutcome[]): void;
  /** When everything is learned. */
  keep(): Promise<void>;
}

type Refused = PlacedOutcome & { readonly kind: 'refused' };

/** Digests: of the statement and all before it, of what was said, and of that without its detail. */
type Kept = readonly [place: string, whole: string, message: string];

/** By digests of paths, those of one file each. */
type Memory = Map<string, readonly Kept[]>;

/** A file with more of them has other troubles. */
const mostOfFile = 50;
/** Those that were learned first are forgotten first. */
const mostFiles = 200;

/** A class because it remembers what it has told. */
export class RowRefusals {
  /** Undefined until it was read. */
  private memory: Memory | undefined;
  private written = '[]';
  private readonly key: string;
  private hasTold = false;

  /** @param folder of the migrations; another one upon the same target has refusals of its own */
  constructor(
    private readonly cache: DiskCache,
    targetId: string,
    folder: string,
  ) {
    this.key = `rows-${digestOf(targetId, folder)}`;
  }

  /**
   * @param links all that are rehearsed upon the base
   * @param areAwaited the rows, where the base has none yet
   */
  async upon(base: Base, links: readonly Link[], areAwaited: () => boolean): Promise<RefusalsOfRows> {
    if (base.kind !== 'dump') return ofNobody;
    const memory = (this.memory ??= await this.read());
    return base.rows ? this.learning(memory, base, links) : this.telling(memory, base, links, areAwaited);
  }

  /**
   * The rows do not come.
   *
   * @returns whether something was told that only they could show; that is forgotten
   */
  async giveUp(): Promise<boolean> {
    const { hasTold } = this;
    if (hasTold) await this.forget();
    return hasTold;
  }

  /** The rows are others. */
  async forget(): Promise<void> {
    this.memory = new Map();
    this.written = '[]';
    this.hasTold = false;
    if (this.cache.has(this.key)) await this.cache.remove(this.key);
  }

  private telling(memory: Memory, base: DumpBase, links: readonly Link[], areAwaited: () => boolean): RefusalsOfRows {
    const placeOf = placesUpon(base, links);
    const likeness = (outcome: Refused): Likeness | undefined => {
      const [whole, message] = saidBy(outcome);
      const alike = (memory.get(digestOf(outcome.path)) ?? []).filter((it) => it[2] === message);
      const place = alike.length > 0 && areAwaited() ? placeOf(outcome) : undefined;
      const found = alike.find((it) => it[0] === place);
      if (!found) return undefined;
      this.hasTold = true;
      return found[1] === whole ? 'same' : 'alike';
    };
    return { ...ofNobody, likeness };
  }

  private learning(memory: Memory, base: DumpBase, links: readonly Link[]): RefusalsOfRows {
    const placeOf = placesUpon(base, links);
    return {
      ...ofNobody,
      learn: (path, outcomes) => {
        const refused = outcomes.filter((it) => it.kind === 'refused').slice(0, mostOfFile);
        memory.delete(digestOf(path));
        if (refused.length > 0)
          memory.set(
            digestOf(path),
            refused.map((it) => [placeOf(it), ...saidBy(it)]),
          );
        for (const oldest of memory.keys()) if (memory.size > mostFiles) memory.delete(oldest);
      },
      keep: async () => {
        const now = JSON.stringify([...memory]);
        if (now !== this.written) await this.cache.put(this.key, now);
        this.written = now;
      },
    };
  }

  private async read(): Promise<Memory> {
    const text = String((await this.cache.read(this.key)) ?? '[]');
    const kept = keptIn(text);
    if (!kept) return new Map();
    this.written = text;
    return new Map(kept);
  }
}

/** Undefined when it is damaged. */
function keptIn(text: string): readonly (readonly [string, readonly Kept[]])[] | undefined {
  const kept = jsonIn(text);
  return Array.isArray(kept) && kept.every(isKept) ? kept : undefined;
}

const isKept = (it: unknown): it is readonly [string, readonly Kept[]] =>
  Array.isArray(it) && typeof it[0] === 'string' && Array.isArray(it[1]) && it[1].every(Array.isArray);

const ofNobody: RefusalsOfRows = { likeness: () => undefined, learn: () => {}, keep: () => Promise.resolve() };

/** Names a statement by its text and all that is before it: the schema, the migrations, the beginning of its file. */
function placesUpon(base: DumpBase, links: readonly Link[]): (outcome: PlacedOutcome) => string {
  let files: ReadonlyMap<string, Placed> | undefined;
  return ({ path, statement }) => {
    files ??= filesUpon(base, links);
    const { before, text } = files.get(path) ?? { before: path, text: '' };
    return digestOf(before, text.slice(0, statement.range.end));
  };
}

interface Placed {
  /** Digest of the schema and the files before it. */
  readonly before: string;
  readonly text: string;
}

function filesUpon({ upon, fingerprint }: DumpBase, links: readonly Link[]): ReadonlyMap<string, Placed> {
  const files = new Map<string, Placed>();
  let before = digestOf(upon ?? fingerprint);
  for (const { up, down } of links) {
    const behind = digestOf(before, up.text);
    if (down) files.set(down.path, { before: behind, text: down.text });
    files.set(up.path, { before, text: up.text });
    before = behind;
  }
  return files;
}

const saidBy = ({ refusal: { sqlState, message, detail = '' } }: Refused): readonly [string, string] => [
  digestOf(sqlState, message, detail),
  digestOf(sqlState, message),
];
