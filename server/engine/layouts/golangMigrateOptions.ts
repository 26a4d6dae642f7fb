/**
 * What golang-migrate is told by the URL of the database.
 *
 * Facts from golang-migrate/migrate: Open in database/postgres/postgres.go, the same in pgx/pgx.go and pgx/v5/pgx.go.
 */

/** Of the options those that change how a file is run; the table of the history is the history's. */
export interface GolangMigrateOptions {
  /** `x-multi-statement` with `x-multi-statement-max-size`: cut at semicolons, into pieces of so many bytes at most. */
  readonly pieceBytes?: number;
  /** `x-statement-timeout`. */
  readonly messageMs?: number;
}

/** @param extra parameters of the URL that are none of Postgres's */
export function golangMigrateOptions(extra: Readonly<Record<string, string>>): GolangMigrateOptions {
  const bytes = countIn(extra['x-multi-statement-max-size']) ?? usualPieceBytes;
  const messageMs = countIn(extra['x-statement-timeout']);
  return {
    ...(isTrue(extra['x-multi-statement']) ? { pieceBytes: bytes } : {}),
    ...(messageMs === undefined ? {} : { messageMs }),
  };
}

/** As Go's strconv.ParseBool. */
export const isTrue = (text = ''): boolean => /^(?:1|t|true)$/i.test(text);

const usualPieceBytes = 10 * 2 ** 20;

/** Zero stands for the tool's own default. */
const countIn = (text = ''): number | undefined => (/^\+?0*[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined);
