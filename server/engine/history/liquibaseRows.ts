/** The rows of Liquibase's history, by the file and the changeset that they are about. */
import { checksumVersion } from './liquibaseChecksum';
import type { Changeset } from '../layouts/liquibaseFile';
import { isRunAlways, isRunOnChange } from '../layouts/liquibaseReader';
import type { HistoryStep } from './history';

export interface LiquibaseRow {
  readonly id: string;
  readonly author: string;
  readonly filename: string;
  readonly md5sum: string | null;
  readonly exectype: string;
  /** The release that wrote it. */
  readonly liquibase: string | null;
}

type Named = Pick<HistoryStep['migration'], 'name' | 'upPath' | 'version'>;

export class LiquibaseRows {
  private readonly byKey = new Map<string, LiquibaseRow>();
  private readonly files = new Set<string>();
  private newest = '';
  release: string | undefined;

  /** @param rows oldest first */
  constructor(rows: readonly LiquibaseRow[]) {
    for (const row of rows) this.take(row);
  }

  /** The newest row, in the place of a former one of its changeset. */
  take(row: LiquibaseRow): void {
    const file = normalPath(row.filename);
    this.byKey.set(keyOf(file, row), row);
    if (!this.files.has(file)) this.newest = file;
    this.files.add(file);
    if (row.liquibase) this.release = row.liquibase;
  }

  drop({ filename, ...changeset }: Pick<LiquibaseRow, 'filename' | 'id' | 'author'>): void {
    this.byKey.delete(keyOf(normalPath(filename), changeset));
  }

  get all(): readonly LiquibaseRow[] {
    return [...this.byKey.values()];
  }

  /** Some releases called a file without the first line by its path. */
  of = (file: string, { id, author }: Pick<Changeset, 'id' | 'author'>): LiquibaseRow | undefined =>
    this.byKey.get(keyOf(normalPath(file), { id, author })) ??
    (author === 'includeAll' && id === 'raw'
      ? this.byKey.get(keyOf(normalPath(file), { id: `raw_${normalPath(file).replaceAll('/', '_')}`, author }))
      : undefined);

  has = (migration: Named): boolean => this.files.has(this.fileOf(migration));

  /**
   * The path that Liquibase knows it by: which of the folders above it counts from depends on how it was called, and the
   * rows that are there tell.
   */
  fileOf({ name, upPath = '', version }: Named): string {
    const usual = normalPath(name.recordedAs ?? version);
    const path = upPath.replaceAll('\\', '/');
    const parts = path.split('/');
    const own = this.files.has(usual) ? usual : endsOf(parts).find((it) => this.files.has(it));
    if (own !== undefined) return own;
    const [first = '', ...below] = this.newest.split('/');
    const from = below.length === 0 ? -1 : parts.lastIndexOf(first);
    return from < 0 ? usual : parts.slice(from).join('/');
  }

  /** @param now the checksum of what is in the file */
  isSame(row: LiquibaseRow, { validCheckSums }: Changeset, now: () => string): boolean {
    // What an older release has computed, and what was cleared, tells nothing.
    if (!row.md5sum?.startsWith(`${checksumVersion}:`) || validCheckSums.some((it) => /^(?:1:)?any$/i.test(it)))
      return true;
    const sum = now();
    return row.md5sum === sum || validCheckSums.includes(sum) || validCheckSums.includes(row.md5sum);
  }

  runsAgain(row: LiquibaseRow | undefined, changeset: Changeset, isSame: boolean): boolean {
    return row === undefined || isRunAlways(changeset) || (!isSame && isRunOnChange(changeset));
  }
}

/** `shop/db/a.sql`, `db/a.sql`, `a.sql`. */
const endsOf = (parts: readonly string[]): readonly string[] =>
  parts.map((_, at) => parts.slice(at).join('/')).slice(1);

const keyOf = (file: string, { id, author }: Pick<Changeset, 'id' | 'author'>): string =>
  JSON.stringify([file, author, id]);

/** As DatabaseChangeLog.normalizePath: without the scheme of the class path, a drive and a slash before it. */
export const normalPath = (file: string): string =>
  file
    .replace(/^classpath:/, '')
    .replaceAll('\\', '/')
    .replace(/^[a-z]:/i, '')
    .replace(/^\//, '')
    .replace(/^(?:\.\/)+/, '');
