/** Databases on the server that migrations are tried out on: each says so in its comment; listed and dropped by it. */
import { forget, readJournals, type Step } from '../base/journal';
import { Fault } from '../base/fault';
import { fieldsOf, jsonIn } from '../base/json';
import { givingUp } from '../database/givingUp';
import { onSession } from '../database/onSession';
import type { KeptTrial } from '../trials';
import { openBeside, withMaintenance } from './maintenance';
import { trialPrefix } from './names';
import { factsOf } from './properties';
import { othersStaying } from './sessions';
import { dropDatabase } from './statements';
import type { ServerTarget, Surroundings } from './target';

/** Plain JSON; the comment on the copy. */
export interface TrialRecord {
  readonly rehearsal: 'trial';
  /** Name of the database that it is a copy of. */
  readonly database: string;
  /** ISO 8601. */
  readonly begun: string;
  readonly versions: readonly string[];
  /** It is kept: nobody is at work on it any more. */
  readonly finished: boolean;
}

/** @returns undefined when it is none of ours, or damaged */
export function trialRecordIn(comment: string | null | undefined): TrialRecord | undefined {
  const value = jsonIn(comment ?? '');
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is TrialRecord {
  const fields = fieldsOf(value);
  return (
    fields.get('rehearsal') === 'trial' &&
    typeof fields.get('database') === 'string' &&
    typeof fields.get('begun') === 'string' &&
    Array.isArray(fields.get('versions')) &&
    typeof fields.get('finished') === 'boolean'
  );
}

/**
 * Newest first; also those that nobody has finished.
 *
 * @throws as Database.open
 */
export async function listTrials(target: ServerTarget, signal: AbortSignal): Promise<readonly KeptTrial[]> {
  const rows = await onSession(openBeside(target, signal), (session) =>
    givingUp(session, signal, () =>
      session.rows<{ name: string; comment: string | null; bytes: number }>(
        `select datname::text as name, pg_catalog.shobj_description(oid, 'pg_database') as comment,
           case when pg_catalog.has_database_privilege(oid, 'CONNECT') then pg_catalog.pg_database_size(oid) else 0 end::float8
             as bytes
         from pg_catalog.pg_database where pg_catalog.starts_with(datname, $1) and datconnlimit <> -2`,
        [trialPrefix],
      ),
    ),
  );
  return rows
    .flatMap(({ name, comment, bytes }) => {
      const record = trialRecordIn(comment);
      if (record?.database !== target.database.name) return [];
      const { begun, versions, finished } = record;
      return [{ name, begun, bytes, versions, finished }];
    })
    .toSorted((a, b) => (a.begun < b.begun ? 1 : -1));
}

/**
 * @throws {Fault} `no-such-trial`; `busy` when somebody is connected to it, `locked` while work on the target is going on
 */
export async function dropTrial(target: ServerTarget, name: string, { signal }: Surroundings): Promise<void> {
  await withMaintenance(target, signal, async ({ worker, watcher }) => {
    const copy = await factsOf(worker, name);
    const record = trialRecordIn(copy?.comment);
    if (!copy || !name.startsWith(trialPrefix) || record?.database !== target.database.name)
      throw new Fault('no-such-trial', `${name} of ${target.database.label}.`);
    const others = await othersStaying(watcher, [copy.oid]);
    if (others.length > 0) throw new Fault('busy', `${name} is used by ${others.map(({ says }) => says).join('; ')}.`);
    signal.throwIfAborted();
    await dropDatabase(worker, name);
  });
}

/** What was noted of scripts on a copy is of no use to anybody when nobody is at work on it any more. */
export function forgetScripts(isMeant: Parameters<typeof readJournals>[2], storage: string): void {
  const isStep = (value: unknown): value is Step => typeof value === 'object' && value !== null && 'step' in value;
  for (const { path } of readJournals(storage, 'apply', isMeant, isStep)) forget(path);
}

/** Its name is like no other, however its server was spelt. */
export const isOnCopy =
  (name: string) =>
  ({ about }: { readonly about: string }): boolean =>
    about.endsWith(`/${name}`);
