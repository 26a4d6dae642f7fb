/**
 * The worker in which the embedded Postgres lives. It does one request after the other; the end of the worker is the
 * only way to interrupt it.
 *
 * With `workerData.make` it makes the data directory of an empty database instead and ends: scripts/build.mjs keeps
 * that as a file, so that a new database is there in a fraction of a second.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { gunzipSync, gzipSync } from 'node:zlib';
import { messages, protocol } from '@electric-sql/pglite';
import { writeDurably } from '../base/durable';
import { Fault } from '../base/fault';
import { AnswerParts, refusalOf } from './answer';
import { settingsForDump } from './dumpSettings';
import {
  type BackendMessage,
  EmbeddedInstance,
  type EngineParts,
  emptyDataDirectory,
  loadEngine,
} from './embeddedInstance';
import { packImage, unpackImage } from './embeddedImage';
import {
  begun,
  type EmbeddedReplies,
  type EmbeddedReply,
  type EmbeddedRequest,
  type EmbeddedRows,
  type EmbeddedWork,
} from './embeddedMessages';
import { runPgDump } from './pgDump';
import { quoteIdentifier } from './quote';
import { sqlOf } from './rowsApart';
import type { Answer, RunOptions, Session } from './session';
import { type TarEntry, packTar, unpackTar } from './tar';

const { serialize } = protocol;
const { assets, wasm, make } = workerData as EmbeddedWork;

let engine: EngineParts | undefined;
let instance: EmbeddedInstance | undefined;
let transaction: Session['transaction'] = 'idle';
/** The superuser that every session begins as. A backend without a postmaster knows no default to go back to. */
let owner = 'postgres';
const copies = new Map<number, readonly TarEntry[]>();

function current(): EmbeddedInstance {
  if (!instance) throw new Error('the first request is start');
  return instance;
}

const handlers: {
  readonly [Kind in EmbeddedRequest['kind']]: (
    request: Extract<EmbeddedRequest, { kind: Kind }>,
  ) => Promise<EmbeddedReplies[Kind]> | EmbeddedReplies[Kind];
} = {
  async start({ path, image }) {
    engine = await loadEngine(assets, wasm);
    if (image) instance = await startFrom('an image', () => unpackImage(image), engine);
    else if (path && existsSync(path)) instance = await startFrom(path, () => unpackFile(path), engine);
    else instance = await startOn(emptyDataDirectory(engine), engine);
    provideInstalled();
    const itself = identity();
    if (!copies.has(begun.copy)) copies.set(begun.copy, dataDirectory());
    return itself;
  },
  run({ sql, copyData, withRows, ahead, behind }) {
    for (const before of ahead) demand(before);
    const answer = run(sql, copyData, withRows);
    if (behind === undefined) return answer;
    const began = performance.now();
    return { ...answer, behind: { answer: run(behind, undefined, true), ms: performance.now() - began } };
  },
  rows: ({ sql, values }) => rows(sql, values),
  dump,
  save({ copy }) {
    copies.set(copy, dataDirectory());
    return undefined;
  },
  async restore({ copy }) {
    const entries = copies.get(copy);
    if (!entries || !engine) throw new Error('there is no such copy');
    await instance?.close();
    instance = await EmbeddedInstance.start(engine, entries);
    transaction = 'idle';
    provideInstalled();
    return undefined;
  },
  forget({ copy }) {
    copies.delete(copy);
    return undefined;
  },
  image: () => packImage(dataDirectory()),
  keep({ path }) {
    // Level 1: the higher ones take three times as long for a tenth less.
    writeDurably(path, gzipSync(packTar(dataDirectory()), { level: 1 }));
    return undefined;
  },
};

function run(sql: string, copyData?: string, withRows?: RunOptions['withRows']): Answer {
  if (/\bextension\b/i.test(sql)) current().provideExtensions(sql.match(/[\w-]+/g) ?? []);
  const parts = new AnswerParts(withRows);
  // The rows of a COPY follow its query at once. Postgres ignores them, and each CopyDone, where there is no COPY.
  const reads = sql.match(/\bstdin\b/gi)?.length ?? 0;
  const data = copyData === undefined || reads === 0 ? [] : [serialize.copyData(bytesOf(copyData))];
  const done = Array.from({ length: reads }, () => serialize.copyDone());
  current().exchange(Buffer.concat([serialize.query(sql), ...data, ...done]), (message) => gather(parts, message));
  return parts.answer;
}

function gather(parts: AnswerParts, message: BackendMessage): void {
  if (message instanceof messages.CommandCompleteMessage) parts.command(message.text);
  else if (message instanceof messages.DatabaseError) parts.refuse(refusalOf(message));
  else if (message instanceof messages.NoticeMessage) parts.notice(message);
  else if (message instanceof messages.DataRowMessage) parts.row(message.fields);
  else if (message instanceof messages.ReadyForQueryMessage) transaction = statusOf(message.status);
}

const statusOf = (status: string): Session['transaction'] =>
  status === 'T' ? 'open' : status === 'E' ? 'failed' : 'idle';

function rows(sql: string, values: readonly (string | null)[]): EmbeddedRows {
  const parts = new AnswerParts();
  const found: (string | null)[][] = [];
  let columns: EmbeddedRows['columns'] = [];
  const sent = [
    serialize.parse({ text: sql }),
    serialize.bind({ values: [...values] }),
    serialize.describe({ type: 'P' }),
    serialize.execute({}),
    serialize.sync(),
  ];
  current().exchange(Buffer.concat(sent), (message) => {
    gather(parts, message);
    if (message instanceof messages.DataRowMessage) found.push(message.fields);
    else if (message instanceof messages.RowDescriptionMessage)
      columns = message.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
  });
  const { answer } = parts;
  if (answer.kind === 'done') return { columns, rows: found };
  const { sqlState, message } = answer.refusal;
  throw new Fault(sqlState === '42501' ? 'no-right' : 'refused', `${message} (${sqlState}).`);
}

function identity(): EmbeddedReplies['start'] {
  const { rows: found } = rows(
    `select current_setting('server_version'), current_setting('server_version_num'), current_user, current_database()`,
    [],
  );
  const [version, versionNumber, user, database] = found[0] ?? [];
  if (!version || !user || !database) throw new Error('a select without FROM has one row');
  owner = user;
  return { version, versionNumber: Number(versionNumber), user, database };
}

/** The database may use extensions whose libraries are not in its own files. */
function provideInstalled(): void {
  const { rows: found } = rows('select extname from pg_catalog.pg_extension', []);
  current().provideExtensions(found.flatMap(([name]) => name ?? []));
}

/** The session may have taken on a role that may do less. Only until the end of the transaction or savepoint. */
const asOwner = (): string => `set local session authorization ${quoteIdentifier(owner)}; set local role none`;

/** Everything committed so far, as files. */
function dataDirectory(): TarEntry[] {
  if (transaction !== 'idle') throw new Error('a database in the middle of a transaction cannot be copied');
  demand(`begin; ${asOwner()}; checkpoint; commit`);
  return current().entries();
}

/**
 * pg_dump changes settings, begins a transaction, locks tables and prepares statements in our only session. All of
 * that happens in a transaction or a savepoint of ours and is taken back; what it prepared is forgotten by name.
 */
async function dump(): Promise<string> {
  if (transaction === 'failed') throw new Fault('refused', 'a failed transaction cannot be dumped.');
  const inside = transaction === 'open';
  const back = 'rollback to rehearsal_dump';
  demand(
    `${inside ? '' : 'begin; '}savepoint rehearsal_dump; ${asOwner()}; set local standard_conforming_strings = on`,
  );
  const settings = rows(settingsForDump, []).rows;
  const prepared = new Set(preparedStatements());
  try {
    const wire = { settings: Object.fromEntries(settings), exchange: exchangeForDump };
    return sqlOf(await runPgDump(wire, 'schema', 0));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Fault('refused', `the embedded database could not be dumped: ${error.message}.`, error);
  } finally {
    demand(back);
    for (const made of preparedStatements()) if (!prepared.has(made)) demand(`deallocate ${quoteIdentifier(made)}`);
    demand(inside ? `${back}; release rehearsal_dump` : 'rollback');
  }
}

const preparedStatements = (): string[] =>
  rows('select name from pg_catalog.pg_prepared_statements', []).rows.flatMap(([name]) => name ?? []);

/** pg_dump's own transaction is ours already; it must be told that its commands were done. */
function exchangeForDump(bytes: Uint8Array, sql: string | undefined): Uint8Array {
  const own = sql !== undefined && /^(BEGIN|SET TRANSACTION\b.*|COMMIT)$/.test(sql.trim());
  const chunks: Uint8Array[] = [];
  current().exchangeRaw(own ? serialize.query('set local statement_timeout = 0') : bytes, (chunk) =>
    chunks.push(chunk),
  );
  return Buffer.concat(chunks);
}

function demand(sql: string): void {
  const answer = run(sql);
  if (answer.kind === 'refused') throw new Error(`${sql}: ${answer.refusal.message}`);
}

/** What it starts on stays as it is: to come back to it costs no copy. */
function startOn(entries: readonly TarEntry[] | undefined, parts: EngineParts): Promise<EmbeddedInstance> {
  if (entries) copies.set(begun.copy, entries);
  return EmbeddedInstance.start(parts, entries);
}

/** @throws {Fault} `not-readable` when it is damaged, or of another major version of Postgres */
async function startFrom(name: string, unpack: () => TarEntry[], parts: EngineParts): Promise<EmbeddedInstance> {
  try {
    const entries = unpack();
    if (!entries.some((entry) => entry.path === 'PG_VERSION')) throw new RangeError('it holds no data directory');
    return await startOn(entries, parts);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Fault('not-readable', `${name} is no embedded database of this version: ${error.message}.`, error);
  }
}

function unpackFile(path: string): TarEntry[] {
  const bytes = readFileSync(path);
  return unpackTar(bytes[0] === gzipMark ? gunzipSync(bytes) : bytes);
}

/** First byte of a gzip file; that of a tar file is a letter. */
const gzipMark = 0x1f;

function bytesOf(text: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = new TextEncoder().encode(text);
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

async function reply(id: number, request: EmbeddedRequest): Promise<EmbeddedReply> {
  try {
    const handle = handlers[request.kind] as (
      request: EmbeddedRequest,
    ) => Promise<EmbeddedReplies[EmbeddedRequest['kind']]>;
    const value = await handle(request);
    return { id, transaction, kind: 'value', value };
  } catch (error) {
    if (error instanceof Fault) return { id, transaction, kind: 'fault', code: error.code, detail: error.detail };
    if (!(error instanceof Error)) throw error;
    return { id, transaction, kind: 'error', message: error.message, stack: error.stack };
  }
}

async function makeEmptyDatabase(): Promise<Uint8Array> {
  engine = await loadEngine(assets);
  instance = await EmbeddedInstance.start(engine, undefined);
  return gzipSync(packTar(dataDirectory()), { level: 9 });
}

if (make) void makeEmptyDatabase().then((bytes) => parentPort?.postMessage(bytes, []));
else {
  let turn = Promise.resolve();
  parentPort?.on('message', ({ id, ...request }: EmbeddedRequest & { readonly id: number }) => {
    turn = turn.then(async () => {
      const answer = await reply(id, request);
      const isLarge = answer.kind === 'value' && answer.value instanceof Uint8Array;
      parentPort?.postMessage(answer, isLarge ? [answer.value.buffer as ArrayBuffer] : []);
    });
  });
}
