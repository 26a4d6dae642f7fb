/** Chains for tests: links out of SQL, outcomes as short texts, and places that tell what is sent to their shadows. */
import { Laps } from '../../server/engine/base/laps';
import type { Session } from '../../server/engine/database/session';
import type { TransactionMode } from '../../server/engine/layouts/layout';
import { type Chain, createChain } from '../../server/engine/rehearsal/chain';
import type { Link } from '../../server/engine/rehearsal/link';
import type { ChainRequest, LinkResult } from '../../server/engine/rehearsal/walk';
import type { PlacedOutcome } from '../../server/engine/rehearsal/outcome';
import { emptyBase } from '../../server/engine/shadow/base';
import type { Shadow, ShadowPlace } from '../../server/engine/shadow/place';

export const limits = { statementMs: 5_000 };

export interface LinkText {
  readonly name: string;
  readonly up: string;
  readonly down?: string;
  readonly mode?: TransactionMode;
  /** Stands before the script in its file, as a header. */
  readonly head?: string;
}

export function linkOf({ name, up, down, mode = 'transaction', head = '' }: LinkText): Link {
  const file = (path: string, sql: string, direction: 'up' | 'down') => {
    const text = head + sql;
    return { path, text, scripts: [{ direction, mode, range: { start: head.length, end: text.length } }] };
  };
  return { up: file(name, up, 'up'), down: down === undefined ? undefined : file(`${name}.down`, down, 'down') };
}

export const requestOf = (links: readonly LinkText[], changes: Partial<ChainRequest> = {}): ChainRequest => ({
  base: emptyBase,
  links: links.map(linkOf),
  wanted: () => ({ up: true, down: true }),
  isOpen: () => true,
  manner: 'first',
  othersLookedAt: 'none',
  rowsAreAsked: false,
  observe: 'off',
  limits,
  ...changes,
});

export async function resultsOf(
  chain: Chain,
  request: ChainRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<LinkResult[]> {
  const results: LinkResult[] = [];
  await chain.run(request, (result) => results.push(result), new Laps('files'), signal);
  return results;
}

/** One line for each outcome of all links, up before down. */
export async function linesOf(chain: Chain, request: ChainRequest, signal?: AbortSignal): Promise<string[]> {
  return (await resultsOf(chain, request, signal)).flatMap(({ up, down }) => [...up, ...down].map(lineOf));
}

function lineOf(outcome: PlacedOutcome): string {
  const { path, statement } = outcome;
  const where = `${path} ${statement.range.start}`;
  switch (outcome.kind) {
    case 'ran': {
      const { bodies = [], breaks = [] } = outcome;
      const seen = [
        ...bodies.map(({ range, refusal }) => ` body ${range.start}-${range.end} ${refusal.message}`),
        ...breaks.map(({ signature, problem }) => ` breaks ${signature}: ${problem.refusal.message}`),
      ];
      return `${where} ran${seen.join('')}`;
    }
    case 'refused':
      return `${where} refused ${outcome.range.start}-${outcome.range.end} ${outcome.refusal.sqlState} ${outcome.refusal.message}`;
    case 'ended':
      return `${where} ended ${outcome.message}`;
    case 'skipped':
      return `${where} skipped ${outcome.reason.kind}`;
  }
}

export interface Tapped {
  readonly place: ShadowPlace;
  /** What was sent to shadows and copies, without the engine's own savepoints. */
  readonly sent: string[];
  /** How many shadows were made. */
  readonly made: () => number;
}

/** @param before called with each statement before it is sent */
export function tapped(
  inner: ShadowPlace,
  before: (sql: string, session: Session) => Promise<void> | void = () => {},
): Tapped {
  const sent: string[] = [];
  let made = 0;
  const sessions = new WeakMap<Session, Session>();
  const tap = (session: Session): Session => {
    const known = sessions.get(session);
    if (known) return known;
    const proxy = new Proxy(session, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'run') return value.bind(target);
        return async (sql: string, options?: Parameters<Session['run']>[1]) => {
          if (!/rehearsal_/.test(sql)) sent.push(sql);
          await before(sql, target);
          return target.run(sql, options);
        };
      },
    });
    sessions.set(session, proxy);
    return proxy;
  };
  const tapShadow = (shadow: Shadow): Shadow => ({
    get session() {
      return tap(shadow.session);
    },
    startOver: (session) => shadow.startOver(session),
    startScript: (session) => shadow.startScript(session),
    withCopy: (use) => shadow.withCopy((copy, dump) => use(tap(copy), dump)),
    image: async () => shadow.image?.(),
    dump: (signal) => shadow.dump(signal),
  });
  const place: ShadowPlace = {
    ...inner,
    async fresh(base, signal, image) {
      made++;
      return tapShadow(await inner.fresh(base, signal, image));
    },
  };
  return { place, sent, made: () => made };
}

export const freshLines = (place: ShadowPlace, request: ChainRequest): Promise<string[]> =>
  linesOf(createChain(place), request);
