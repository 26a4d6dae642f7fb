/**
 * What the rows of Flyway's history say together.
 *
 * Facts from flyway/flyway 13.0.0: internal/info/MigrationInfoServiceImpl.java (refresh), BaseAppliedMigration.java.
 */
import { isRepeatable, isVersion, orderOf } from '../layouts/flywayNames';
import type { MigrationName } from '../layouts/layout';

export interface FlywayRow {
  /** `installed_rank`: tells a row from all others. */
  readonly rank: number;
  /** Null for repeatable migrations and for schemas that Flyway has made. */
  readonly version: string | null;
  readonly description: string;
  readonly type: string;
  readonly checksum: number | null;
  readonly success: boolean;
}

type Named = Pick<MigrationName, 'order' | 'title'>;

export class FlywayRows {
  /** By order; without what was deleted or undone. */
  private readonly versioned = new Map<string, FlywayRow>();
  /** The newest run by description. */
  private readonly repeatable = new Map<string, FlywayRow>();
  private baseline = '';
  private highest = '';

  /** @param rows by rank */
  constructor(rows: readonly FlywayRow[]) {
    for (const row of rows) this.take(row);
    for (const [order, { success }] of this.versioned) if (success && order > this.highest) this.highest = order;
  }

  private take(row: FlywayRow): void {
    const { version, description, type, success } = row;
    const takesBack = success && /^(?:DELETE$|UNDO_)/.test(type);
    if (version === null || !isVersion(version)) {
      if (type === 'SCHEMA') return;
      if (takesBack) this.repeatable.delete(description);
      else this.repeatable.set(description, row);
      return;
    }
    const order = orderOf(version);
    if (isBaseline(type) && order > this.baseline) this.baseline = order;
    if (takesBack) this.versioned.delete(order);
    else this.versioned.set(order, row);
  }

  /** Undefined where a marker of Flyway's own stands in its place. */
  rowOf(name: Named): FlywayRow | undefined {
    if (isRepeatable(name)) return this.repeatable.get(name.title);
    const row = this.versioned.get(name.order);
    return row && isBaseline(row.type) ? undefined : row;
  }

  /** Also what a baseline says the database has. */
  has(name: Named): boolean {
    if (!isRepeatable(name) && name.order <= this.baseline) return true;
    return this.rowOf(name)?.success ?? false;
  }

  /** Below the newest applied one: Flyway passes over it, or refuses to go on. */
  isBelow = ({ order }: Named): boolean => order < this.highest;

  get newest(): string | undefined {
    return this.versioned.get(this.highest)?.version ?? undefined;
  }

  get failed(): FlywayRow | undefined {
    return [...this.versioned.values(), ...this.repeatable.values()].find(({ success }) => !success);
  }

  /** What stands, each with its order; without one where it is repeatable. */
  get all(): readonly { readonly row: FlywayRow; readonly order?: string }[] {
    return [
      ...[...this.versioned].map(([order, row]) => ({ row, order })),
      ...[...this.repeatable.values()].map((row) => ({ row })),
    ];
  }

  /** Those that need a file, oldest first. */
  get versions(): readonly string[] {
    return [...this.versioned]
      .filter(([, { type }]) => !isBaseline(type))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { version }]) => version ?? '');
  }
}

/** Of a marker, and of the migrations that make one. */
const isBaseline = (type: string): boolean => type.endsWith('BASELINE');
