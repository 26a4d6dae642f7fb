/** Whatever is edited in whatever order, a chain says what a new one would say. */
import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { createChain } from '../../server/engine/rehearsal/chain';
import { emptyBase } from '../../server/engine/shadow/base';
import type { ShadowPlace } from '../../server/engine/shadow/place';
import { loadParser } from '../../server/engine/sql/parse';
import { privatePlace } from '../shadow/support';
import { servers } from '../support/servers';
import { committed, link, type LinkParts, statement, textsOf } from './randomScripts';
import { linesOf, requestOf, tapped } from './support';

/** What a person may do next: type in a migration, change all of one, add one, take one away, look at some only. */
const edit = fc.record({
  at: fc.nat(3),
  how: fc.oneof(
    fc.record({ kind: fc.constantFrom('change' as const, 'add' as const), to: link }),
    fc.record({ kind: fc.constant('remove' as const) }),
    fc.record({ kind: fc.constant('insert' as const), statement, before: fc.nat(5) }),
    fc.record({ kind: fc.constant('replace' as const), statement, before: fc.nat(5) }),
    fc.record({ kind: fc.constant('delete' as const), before: fc.nat(5) }),
    fc.record({ kind: fc.constant('format' as const), before: fc.nat(5) }),
  ),
  open: fc.option(fc.nat(3), { nil: undefined, freq: 5 }),
  downs: fc.boolean(),
  last: fc.nat(3),
});

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function edited(links: readonly LinkParts[], { at, how }: Edit): LinkParts[] {
  const i = Math.min(at, links.length - (how.kind === 'add' ? 0 : 1));
  const now = links[i];
  switch (how.kind) {
    case 'add':
      return links.toSpliced(i, 0, how.to);
    case 'change':
      return links.toSpliced(i, 1, how.to);
    case 'remove':
      return links.length > 1 ? links.toSpliced(i, 1) : [...links];
    default:
      return now ? links.toSpliced(i, 1, { ...now, up: typed(now.up, how) }) : [...links];
  }
}

function typed(up: readonly string[], how: Exclude<Edit['how'], { kind: 'add' | 'change' | 'remove' }>): string[] {
  const at = Math.min(how.before, up.length - 1);
  switch (how.kind) {
    case 'insert':
      return up.toSpliced(at, 0, how.statement);
    case 'replace':
      return up.toSpliced(at, 1, how.statement);
    case 'delete':
      return up.length > 1 ? up.toSpliced(at, 1) : [...up];
    case 'format':
      return up.map((it, n) => (n === at ? `\n  /* 🎉 */ ${it.replace(/ (?=[^']*$)/, '\r\n\t -- why\n ')}` : it));
  }
}

const never = new AbortController().signal;

/** What a second look has shown is left out. */
const withoutLooks = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/ ran (?:body|breaks) .*/s, ' ran'));

async function asLongAsWanted(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
}

for (const major of [servers.oldest, servers.newest]) {
  describe(`edits on PostgreSQL ${major}`, () => {
    let kept: ShadowPlace;
    let fresh: ShadowPlace;
    before(async () => {
      await loadParser();
      ({ place: kept } = await privatePlace(major));
      ({ place: fresh } = await privatePlace(major));
    });
    after(() => Promise.all([kept.close(), fresh.close()]));

    it('give the same answers as a new chain', async function () {
      this.timeout(240_000);
      await fc.assert(
        fc.asyncProperty(
          fc.array(link, { minLength: 1, maxLength: 3 }),
          fc.array(edit, { minLength: 1, maxLength: 8 }),
          fc.array(fc.option(fc.nat(30), { nil: undefined, freq: 2 }), { minLength: 8, maxLength: 8 }),
          async (first, edits, cuts) => {
            let left = Number.POSITIVE_INFINITY;
            let stale = new AbortController();
            const { place } = tapped(kept, () => {
              if (left-- === 0) stale.abort(new Error('stale'));
            });
            const chain = createChain(place);
            let links = first;
            for (const [n, it] of edits.entries()) {
              links = edited(links, it);
              const named = textsOf(links);
              const number = (path: string): number => (path === 'base' ? -1 : Number(path.slice(1)));
              const request = requestOf([committed, ...named], {
                base: emptyBase,
                isOpen: ({ up }) => it.open !== undefined && number(up.path) >= it.open,
                wanted: ({ up }) => ({ up: number(up.path) <= it.last, down: it.downs && up.path === 'm1' }),
              });
              left = cuts[n] ?? Number.POSITIVE_INFINITY;
              stale = new AbortController();
              await asLongAsWanted(stale.signal, async () => {
                await linesOf(chain, request, stale.signal);
                await chain.look(request, stale.signal);
              });
              left = Number.POSITIVE_INFINITY;
              const whole = { ...request, isOpen: () => true, manner: 'whole' } as const;
              deepEqual(
                withoutLooks(await linesOf(chain, request)),
                withoutLooks(await linesOf(createChain(fresh), whole)),
              );
              if (it.open === undefined) continue;
              await chain.look(request, never);
              // Of what nobody asked for, only a chain that was asked before has seen more.
              const open = (lines: readonly string[]) =>
                lines.filter((line) => {
                  const [path = ''] = line.split(' ', 1);
                  const at = number(path.replace('.down', ''));
                  return at >= (it.open ?? 0) && (at <= it.last || path.endsWith('.down'));
                });
              deepEqual(
                open(await linesOf(chain, { ...request, manner: 'again' })),
                open(await linesOf(createChain(fresh), whole)),
              );
            }
          },
        ),
        {
          numRuns: Number(process.env['RUNS'] ?? 12),
          endOnFailure: process.env['SHRINK'] === undefined,
          ...(process.env['SEED'] ? { seed: Number(process.env['SEED']) } : {}),
        },
      );
    });
  });
}
