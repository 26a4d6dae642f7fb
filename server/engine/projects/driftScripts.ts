/** Statements that make drift a migration, or undo it: found between two schemas on a shadow, and proved there. */
import { Fault } from '../base/fault';
import { onSession } from '../database/onSession';
import { quoteIdentifier, quoteName } from '../database/quote';
import { inReadOnlyTransaction, usualReadLimits } from '../database/readOnly';
import type { DriftScript, DriftWay, ObjectChange } from '../project';
import { composedDump } from '../schema/composed';
import { driftBetween, type LeftOut, titlesWith } from '../schema/drift';
import { readCatalog } from '../scripting/catalog';
import { leaner } from '../scripting/leaner';
import { isOneTransaction, type Proved, type ProvingGround, provedScript } from '../scripting/provedScript';
import { type Loss, type LostRows, type Script, textOf } from '../scripting/script';
import { dumpBase } from '../shadow/base';
import { noSetUp } from '../shadow/setUp';
import { armed } from '../sql/disarmed';
import { type Compared, comparedNow } from './drifting';
import type { Ground } from './ground';
import { driftIdOf, ignoredDrift } from './ignoredDrift';
import type { Workshop } from './workshop';

/** A script, and the dump of the target's schema that it was made for. */
export interface Scripted extends DriftScript {
  readonly found: string;
  readonly script: Script;
}

/** In turn only. @throws {Fault} as Project.driftScript */
export async function driftScript(
  ground: Ground,
  way: DriftWay,
  ids: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Scripted> {
  const compared = await comparedNow(ground, signal);
  const chosen = chosenIn(ground, compared, ids);
  const titles = titlesWith(chosen, compared.objects, isLeftIn(ground, way));
  const { made, found } = compared;
  const from = way === 'migration' ? made : found;
  const to = composedDump(from, way === 'migration' ? found : made, (title) => titles.has(title));
  const setUp = compared.setUp ?? noSetUp;
  const there = { from: dumpBase(from, setUp), to: dumpBase(to, setUp), user: setUp.user };
  const isTwoWay = way === 'migration' && takesDowns(ground);
  const { proved, back } = await ground.bench.withWorkshop(
    'replay',
    compared.extensions,
    async (workshop) => ({
      proved: await prove(workshop, there, signal),
      back: isTwoWay ? await prove(workshop, { ...there, from: there.to, to: there.from }, signal) : undefined,
    }),
    signal,
  );
  const script = exactly(proved);
  const losses = script.statements.flatMap(({ loses }) => loses);
  return {
    way,
    script,
    found,
    text: textOf(script),
    ...(back?.kind === 'exact' && isOneTransaction(back.script) ? { back: sqlOf(back.script) } : {}),
    objects: compared.objects.filter(({ type, name }) => titles.has(`${type} ${name}`)),
    losses:
      way === 'undo'
        ? await counted(ground, losses, signal)
        : losses.flatMap((it) => (it.kind === 'sequence' ? [] : `${nameOf(it)}.`)),
  };
}

const takesDowns = ({ folder: { layout } }: Ground): boolean => !layout.onlyUp && !layout.program;

const sqlOf = ({ statements }: Script): readonly string[] => statements.map(({ sql }) => sql);

/** @throws {Fault} `no-drift`, `drift-uncertain` */
function chosenIn(
  ground: Ground,
  { objects, doubts }: Compared,
  ids: readonly string[] | undefined,
): readonly ObjectChange[] {
  const { reasonFor } = ignoredDrift(ground);
  const chosen = objects.filter((it) => (ids ? ids.includes(driftIdOf(it)) : reasonFor(it) === undefined));
  if (chosen.length === 0 || (ids && chosen.length < ids.length))
    throw new Fault('no-drift', `${ids ? 'Not all that was named differs any more' : 'Nothing differs'}.`);
  if (!ids && doubts.length > 0) throw new Fault('drift-uncertain', doubts.join(' '));
  return chosen;
}

/** What is ignored stays so where its table is there afterwards; without its sequences a table cannot be. */
function isLeftIn(ground: Ground, way: DriftWay): Parameters<typeof titlesWith>[2] {
  const { reasonFor } = ignoredDrift(ground);
  const goes = way === 'migration' ? 'removed' : 'added';
  return (part, table) => table.kind !== goes && !part.type.startsWith('SEQUENCE') && reasonFor(part) !== undefined;
}

interface Way {
  readonly from: ReturnType<typeof dumpBase>;
  readonly to: ReturnType<typeof dumpBase>;
  /** Who runs it. */
  readonly user: string | undefined;
}

/** Each attempt has a shadow of its own, for nobody else needs them afterwards. */
async function prove({ place, chain }: Workshop, { from, to, user }: Way, signal: AbortSignal): Promise<Proved> {
  try {
    const there = await place.fresh(to, signal);
    const wanted = { catalog: await readCatalog(there.session), dump: await there.dump(signal) };
    const copies: ProvingGround = {
      async withCopy(use) {
        const here = await place.fresh(from, signal);
        return use({ session: here.session, dump: () => here.dump(signal) });
      },
    };
    const proved = await provedScript(copies, wanted);
    if (proved.kind !== 'exact') return proved;
    const script = await leaner(
      proved.script,
      copies,
      user,
      (dump) => driftBetween(dump, wanted.dump, nothingLeftOut).length === 0,
    );
    return {
      ...proved,
      script: { ...script, statements: script.statements.map((it) => ({ ...it, sql: armed(it.sql) })) },
    };
  } finally {
    chain.forgetShadow();
  }
}

const nothingLeftOut: LeftOut = { tables: [], schemas: new Set(), toolSchemas: new Set(), roles: 'compared' };

/** @throws {Fault} `no-script` */
function exactly(proved: Proved): Script {
  switch (proved.kind) {
    case 'exact':
      return proved.script;
    case 'impossible':
      throw new Fault('no-script', `${proved.why}.`);
    case 'refused':
      throw new Fault('no-script', `Postgres refuses "${proved.statement.sql}": ${proved.refusal.message}.`);
    case 'different':
      throw new Fault(
        'no-script',
        `What is left to do: ${proved.differences.map(({ type, name }) => `${type} ${name}`).join(', ')}.`,
      );
  }
}

const nameOf = ({ kind, schema, table, column }: LostRows): string =>
  kind === 'table' ? `The table ${schema}.${table}` : `The column ${column ?? ''} of ${schema}.${table}`;

/** With what is in them now, where that can be told in time. */
function counted({ bench }: Ground, losses: readonly Loss[], signal: AbortSignal): Promise<readonly string[]> {
  if (losses.length === 0) return Promise.resolve([]);
  return bench.question(
    () =>
      onSession(bench.target.database.open('read', signal), async (session) => {
        const told: string[] = [];
        for (const loss of losses) {
          if (loss.kind === 'sequence') {
            told.push(`Where the sequence ${loss.schema}.${loss.name} stood: it begins at ${loss.start}.`);
            continue;
          }
          const { schema, table, column } = loss;
          const what = column === undefined ? '*' : quoteIdentifier(column);
          const rows = await inReadOnlyTransaction(session, usualReadLimits, () =>
            session.rows<{ count: string }>(`select pg_catalog.count(${what}) from ${quoteName(schema, table)}`),
          ).catch(unlessUncounted);
          const count = rows?.[0]?.count;
          const holds = column === undefined ? 'rows' : 'values';
          told.push(`${nameOf(loss)}${count === undefined ? '' : `, with ${count} ${holds}`}.`);
        }
        return told;
      }),
    signal,
  );
}

function unlessUncounted(error: unknown): undefined {
  if (!(error instanceof Fault) || error.code === 'connection-lost') throw error;
}
