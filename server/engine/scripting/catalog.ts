/** A schema as facts that can be compared: read by pg-delta from the catalogs, on a session of ours. */
import { buildFactBase, type Fact } from '@supabase/pg-delta/core';
import { type ExtractResult, extract } from '@supabase/pg-delta/extract';
import { Fault } from '../base/fault';
import { quoteName } from '../database/quote';
import { faultCodeOf } from '../database/refusedFault';
import type { Session } from '../database/session';
import { type Keywords, readKeywords } from './evenQuotes';
import { type Names, readNames } from './names';
import { type Partitions, readPartitions } from './partitions';

export type Facts = ExtractResult['factBase'];

export interface Catalog {
  readonly facts: Facts;
  /** Kinds of objects that are there, but not among the facts: how many there are of each, and the first of them. */
  readonly unmodelled: ReadonlyMap<string, string>;
  /** For comparing with the same database at another time. */
  readonly names: Names;
  readonly partitions: Partitions;
  /** `"schema"."index"`: those of partitioned tables that not all partitions have. */
  readonly partialIndexes: ReadonlySet<string>;
  readonly keywords: Keywords;
}

type Pool = Parameters<typeof extract>[0];

const savepoint = 'rehearsal_catalog';

/**
 * What the session sees: inside an open transaction that is the state so far, and the transaction stays as it was.
 *
 * @throws {Fault} as Session.rows
 */
export async function readCatalog(session: Session): Promise<Catalog> {
  const { factBase, diagnostics } = await extract(poolOf(session));
  const unmodelled = diagnostics.flatMap(({ code, context }): [string, string][] => {
    if (code !== 'unmodeled_kind') return [];
    const { kind, count, samples } = context as { kind: string; count: number; samples: readonly string[] };
    return [[kind, `${count}: ${samples.join(', ')}`]];
  });
  return {
    facts: factBase,
    unmodelled: new Map(unmodelled),
    names: await readNames(session),
    partitions: await readPartitions(session),
    partialIndexes: await readPartialIndexes(session),
    keywords: await readKeywords(session),
  };
}

/** The same ones told otherwise. */
export function factsAs(like: Facts, facts: Fact[]): Facts {
  const made = buildFactBase(facts, [...like.edges], like.source, like.referenceOnly);
  made.diagnostics.push(...like.diagnostics);
  return made;
}

async function readPartialIndexes(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.rows<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name
       from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'I' and not i.indisvalid`,
  );
  return new Set(rows.map(({ schema, name }) => quoteName(schema, name)));
}

/**
 * pg-delta reads on one connection of a pool, in a transaction of its own. In one that is open already its transaction
 * is a savepoint, which is taken back at the end, with the settings that it made.
 */
function poolOf(session: Session): Pool {
  const inside = session.transaction === 'open';
  const end = `rollback to savepoint ${savepoint}; release savepoint ${savepoint}`;
  const client = {
    async query(sql: string) {
      if (sql.startsWith('BEGIN')) await demand(session, inside ? `savepoint ${savepoint}` : sql);
      else if (sql === 'COMMIT' || sql === 'ROLLBACK') await demand(session, inside ? end : sql);
      else return { rows: await session.rows(sql) };
      return { rows: [] };
    },
    release() {},
  };
  // It asks for nothing but this.
  return { connect: async () => client } as unknown as Pool;
}

/** @throws {Fault} as Session.rows */
export async function demand(session: Session, sql: string): Promise<void> {
  const answer = await session.run(sql);
  if (answer.kind === 'refused')
    throw new Fault(faultCodeOf(answer.refusal.sqlState), `${answer.refusal.message} (${answer.refusal.sqlState}).`);
}
