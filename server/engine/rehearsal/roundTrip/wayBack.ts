/** A way back that nobody has written: found by comparing the schemas, tried, and told with what it loses. */
import type { Session } from '../../database/session';
import { differenceButForOrder } from '../../schema/comparable';
import { readCatalog } from '../../scripting/catalog';
import { leaner } from '../../scripting/leaner';
import { isOneTransaction, type Proved, provedScript, runScript } from '../../scripting/provedScript';
import type { LostRows, Script } from '../../scripting/script';
import { armed } from '../../sql/disarmed';
import type { Verdict, WayBack } from '../../verification';
import { beginningOf, type Rows, run, type Trip, verdictSince } from './roundTrip';

export type Found = { readonly kind: 'found'; readonly way: WayBack } | { readonly kind: 'none'; readonly why: string };

/**
 * From behind the up script to the schema before it.
 *
 * @throws {Fault} as Shadow.withCopy, Session.rows
 */
export async function wayBack(trip: Omit<Trip, 'down'>): Promise<Found> {
  const { shadow, signal } = trip;
  const wanted = await shadow.withCopy(async (copy, dump) => ({
    catalog: await readCatalog(copy),
    dump: await dump(signal),
    user: (await copy.rows<{ name: string }>('select current_user as name'))[0]?.name,
  }));
  const onCopies = {
    withCopy: <T>(use: (copy: { session: Session; dump: () => Promise<string> }) => Promise<T>) =>
      shadow.withCopy(async (session, dump) => {
        await run(trip.up, session, trip);
        return use({ session, dump: () => dump(signal) });
      }),
  };
  const proved = await provedScript(onCopies, wanted, { sameDatabase: true });
  if (proved.kind !== 'exact' && proved.kind !== 'different') return { kind: 'none', why: wordsOf(proved) };
  const leadsThere = (dump: string): boolean => differenceButForOrder(dump, wanted.dump).length === 0;
  const script =
    proved.kind === 'exact' ? await leaner(proved.script, onCopies, wanted.user, leadsThere) : proved.script;
  const verdict = await tried(script, trip);
  const way = {
    statements: script.statements.map(({ sql }) => armed(sql)),
    inOneTransaction: isOneTransaction(script),
    verdict,
    drops: script.statements.flatMap(({ loses }) => loses.flatMap((it) => (it.kind === 'sequence' ? [] : nameOf(it)))),
  };
  return { kind: 'found', way };
}

/** With rows where they let it through. */
async function tried(script: Script, trip: Omit<Trip, 'down'>): Promise<Verdict> {
  const first = await attempt(script, trip, 'made up');
  return first.kind === 'untried' ? attempt(script, trip, 'as they are') : first;
}

const attempt = (script: Script, trip: Omit<Trip, 'down'>, rows: Rows): Promise<Verdict> =>
  trip.shadow.withCopy(async (copy, dump) => {
    const before = await beginningOf(copy, rows, trip, () => dump(trip.signal));
    await run(trip.up, copy, trip);
    const refused = await runScript(copy, script);
    if (refused) return { kind: 'untried', why: `${refused.refusal.message}: ${refused.statement.sql}` };
    return verdictSince(before, copy, () => dump(trip.signal));
  });

const nameOf = ({ schema, table, column }: LostRows): string =>
  [schema, table, ...(column === undefined ? [] : [column])].join('.');

function wordsOf(proved: Proved): string {
  if (proved.kind === 'impossible') return proved.why;
  if (proved.kind === 'refused') return `${proved.refusal.message} (${proved.statement.sql})`;
  return 'it leads to another schema';
}
