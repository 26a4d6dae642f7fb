/**
 * A session that writes nothing: what a history would write is recorded as SQL text, in order, and what it reads is read.
 * Histories whose writes depend on what they wrote before cannot be recorded so (History.recorded).
 */
import { quoteLiteral } from '../database/quote';
import type { Answer, Session } from '../database/session';
import { evenlyQuoted, type Keywords } from '../scripting/evenQuotes';

export interface Recording {
  readonly session: Session;
  /** What was written since it was last taken. */
  take(): readonly string[];
}

/** @param reading a session that may only read */
export function recordingOn(reading: Session, keywords: Keywords): Recording {
  let written: string[] = [];
  const done: Answer = { kind: 'done', commands: [], notices: [] };
  return {
    session: {
      ...pickedOf(reading),
      async run(sql) {
        if (!isUnlock(sql)) written.push(evenlyQuoted(sql, keywords));
        return Promise.resolve(done);
      },
      async rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
        if (isRead(sql)) return reading.rows<Row>(sql, values);
        written.push(evenlyQuoted(withValues(sql, values), keywords));
        return Promise.resolve([]);
      },
    },
    take() {
      const taken = written;
      written = [];
      return taken;
    },
  };
}

/** All but how statements are run; nothing is open on it, ever. */
const pickedOf = (reading: Session): Omit<Session, 'run' | 'rows'> => ({
  server: reading.server,
  transaction: 'idle',
  lost: false,
  cancel: () => Promise.resolve(),
  close: () => Promise.resolve(),
  end: () => Promise.resolve(),
});

const isRead = (sql: string): boolean => /^\s*(?:select|show|with)\b/i.test(sql);

/** The locks end with the session of psql. */
const isUnlock = (sql: string): boolean => /^\s*(?:select pg_catalog\.pg_advisory_unlock\(|rollback\b)/i.test(sql);

/** The queries of histories have no `$1` in their texts but for parameters. */
const withValues = (sql: string, values: readonly unknown[]): string =>
  sql.replaceAll(/\$(\d+)/g, (_, number: string) => valueText(values[Number(number) - 1]).trim());

function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `array[${value.map(valueText).join(', ')}]`;
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return quoteLiteral(value);
  throw new Error(`a history writes a value of type ${typeof value}`);
}
