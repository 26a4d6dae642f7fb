/**
 * pg_dump compiled to WebAssembly, on any wire to a Postgres. Runs inside a worker, because it blocks its thread.
 *
 * Its calls into the wire are synchronous: the answer must be there in full when `exchange` returns.
 */
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';
import { type FrontendMessage, FrontendMessages, greeting, message as made, text } from './frontendMessages';
import { type DumpPiece, RowsApart } from './rowsApart';

export interface DumpWire {
  /** ParameterStatus values of the server; pg_dump wants `server_version` and `standard_conforming_strings`. */
  readonly settings: Readonly<Record<string, string>>;
  /** @returns all that the server answers, up to its ReadyForQuery */
  exchange(messages: Uint8Array, sql: string | undefined): Uint8Array;
}

/**
 * @param content `all`: with places for rows, which are no part of it
 * @param lockMs longest wait for a lock of somebody else, in milliseconds; 0 for any
 * @throws {Error} with the words of pg_dump on its standard error
 */
export async function runPgDump(
  wire: DumpWire,
  content: 'schema' | 'all',
  lockMs: number,
): Promise<readonly DumpPiece[]> {
  const messages = new FrontendMessages();
  const rows = content === 'all' ? new RowsApart() : undefined;
  let waiting: Buffer[] = [];
  const fake = {
    // pgDump asks for the search path and sets it again when it is done; here there is nothing to set back.
    query: async () => ({ rows: [{ search_path: 'public' }] }),
    exec: async () => [],
    // Called without `await`, so it has to be done when it returns.
    execProtocolRawStream: async (bytes: Uint8Array, { onRawData }: { onRawData: (bytes: Uint8Array) => void }) => {
      for (const message of messages.add(bytes)) {
        const answer = rows && ownAnswer(rows, message);
        if (answer) {
          onRawData(answer);
          continue;
        }
        if (message.kind === 'encryption') onRawData(Buffer.from('N'));
        else if (message.kind === 'startup') onRawData(greeting(wire.settings));
        // Its own --lock-wait-timeout is for tables alone; a view or an index that is locked would be waited for as well.
        else if (message.kind === 'query' && message.sql === 'SET lock_timeout = 0')
          waiting.push(made('Q', text(`SET lock_timeout = ${lockMs}`)));
        else if (message.kind !== 'terminate') waiting.push(message.bytes);
        if (message.kind !== 'query' && message.kind !== 'call' && message.kind !== 'sync') continue;
        const sent = Buffer.concat(waiting);
        waiting = [];
        onRawData(wire.exchange(sent, message.kind === 'query' ? message.sql : undefined));
      }
    },
  };
  // Names the columns, and leaves out those that are generated.
  const args = [content === 'schema' ? '--schema-only' : '--column-inserts'];
  const file = await unpruned(() => pgDump({ pg: fake as unknown as Parameters<typeof pgDump>[0]['pg'], args }));
  const dump = restorable(await file.text());
  return rows?.cut(dump) ?? [{ sql: dump }];
}

function ownAnswer(rows: RowsApart, message: FrontendMessage): Buffer | undefined {
  if (message.kind === 'query') return rows.answer(message.sql);
  return message.kind === 'call' ? rows.call(message.bytes) : undefined;
}

/**
 * pgDump removes every line that begins with `\restrict` or `\unrestrict`, also inside texts that span lines. Those
 * lines are data and must stay, so its removal is switched off while it runs; only it runs then in this worker.
 */
async function unpruned<T>(work: () => Promise<T>): Promise<T> {
  const replace = RegExp.prototype[Symbol.replace];
  Reflect.set(RegExp.prototype, Symbol.replace, function (this: RegExp, input: string, by: () => string): string {
    return this.source.includes('restrict') ? input : replace.call(this, input, by);
  });
  try {
    return await work();
  } finally {
    Reflect.set(RegExp.prototype, Symbol.replace, replace);
  }
}

/**
 * Without what only psql reads (`\restrict` and its end, with the same key) and what only servers from 17 on know.
 * All of it stands before the first table, if there is one, and after the last object.
 */
function restorable(dump: string): string {
  const start = dump.search(/^SET default_/m);
  const head = start < 0 ? dump.length : start;
  const [, key] = /^\\restrict (\S+)$/m.exec(dump.slice(0, head)) ?? [];
  const header = dump
    .slice(0, head)
    .replace(/^\\restrict \S+\n/m, '')
    .replace(/^SET transaction_timeout = 0;\n/m, '');
  const text = header + dump.slice(head);
  const last = `\\unrestrict ${key}\n`;
  const end = key === undefined ? -1 : text.lastIndexOf(last);
  return end < 0 ? text : text.slice(0, end) + text.slice(end + last.length);
}
