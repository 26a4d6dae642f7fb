/** A check: pending migrations upon the live schema, applied ones replayed from nothing; results become findings. */
import type { LayoutName } from '../layouts/layout';
import type { Check, FileCheck, Finding, MigrationState } from '../project';
import type { Chain, ChainRequest, LinkResult } from '../rehearsal/chain';
import { findingsOf, type Surroundings } from '../rehearsal/findings';
import type { PlacedOutcome } from '../rehearsal/outcome';
import type { RunLimits } from '../rehearsal/run';
import { outcomesOf } from '../rehearsal/told';
import { unclosedFindings } from '../rehearsal/unclosed';
import type { Base } from '../shadow/base';
import type { ShadowPlace } from '../shadow/place';
import type { Bench, WorkshopKind } from './bench';
import type { ReadFile, ReadMigration } from './links';

export interface CheckOrder {
  readonly migrations: readonly ReadMigration[];
  readonly stateOf: (migration: ReadMigration) => MigrationState;
  /** Paths of the files asked for. */
  readonly wanted: ReadonlySet<string>;
  /** The files are being edited: the last one is what changes next. */
  readonly editing: boolean;
  readonly layout: LayoutName;
  readonly limits: RunLimits;
}

/** @returns where it was rehearsed; of both places the one for pending migrations, when there were any */
export async function checkFiles(
  bench: Bench,
  order: CheckOrder,
  onFile: (file: FileCheck) => void,
  signal: AbortSignal,
): Promise<Check> {
  const begun = performance.now();
  const isWanted = ({ files }: ReadMigration) => [...files.keys()].some((path) => order.wanted.has(path));
  const replayed = order.migrations.some((it) => isWanted(it) && order.stateOf(it) !== 'pending');
  const nothingApplied = order.migrations.every((it) => order.stateOf(it) === 'pending');
  const rehearsed = order.migrations.some((it) => isWanted(it) && order.stateOf(it) === 'pending');
  let place: ShadowPlace | undefined;
  if (replayed && !nothingApplied) place = await checkChain(bench, order, 'replay', onFile, signal);
  // With the live schema at hand, what is pending is told upon it; the replay has told of the others.
  if (rehearsed || !place) place = await checkChain(bench, order, 'live', onFile, signal);
  return {
    rehearsedOn: place.label,
    place: place.kind,
    serverVersion: place.serverVersion,
    ms: performance.now() - begun,
  };
}

function checkChain(
  bench: Bench,
  order: CheckOrder,
  kind: WorkshopKind,
  onFile: (file: FileCheck) => void,
  signal: AbortSignal,
): Promise<ShadowPlace> {
  const known = new Set<string>();
  const once = (file: FileCheck): void => {
    if (!known.has(file.path)) onFile(file);
    known.add(file.path);
  };
  const texts = order.migrations.map(({ link }) => link.up.text);
  return bench.withWorkshop(
    kind,
    texts,
    async ({ place, chain }, base) => {
      await runChain(bench, order, kind, { place, chain, base, onFile: once }, signal);
      return place;
    },
    signal,
  );
}

interface Run {
  readonly place: ShadowPlace;
  readonly chain: Chain;
  readonly base: Base;
  readonly onFile: (file: FileCheck) => void;
}

async function runChain(
  bench: Bench,
  order: CheckOrder,
  kind: WorkshopKind,
  { place, chain, base, onFile }: Run,
  signal: AbortSignal,
): Promise<void> {
  const told = new Set(order.migrations.filter((it) => (order.stateOf(it) === 'pending') === (kind === 'live')));
  const links = kind === 'live' ? [...told] : order.migrations;
  const where: Surroundings = {
    on: [place.label, stateOfShadow(kind, bench)].filter(Boolean).join(', '),
    // Where the target has no tables, no rows can be missing.
    rows: base.kind === 'dump' && /^CREATE (?:UNLOGGED )?TABLE /m.test(base.sql) ? 'missing' : 'there',
  };
  const byLink = new Map(links.map((it) => [it.link, it]));
  const wants = (path: string | undefined) => path !== undefined && order.wanted.has(path);
  const request: ChainRequest = {
    base,
    links: links.map(({ link }) => link),
    wanted: (link) => {
      const read = byLink.get(link);
      const mine = read !== undefined && told.has(read);
      return { up: mine && wants(link.up.path), down: mine && wants(link.down?.path) };
    },
    editing: order.editing,
    layout: order.layout,
    limits: order.limits,
  };
  const earlier: PlacedOutcome[] = [];
  await chain.run(
    request,
    (result) => {
      const read = byLink.get(result.link);
      if (read && told.has(read)) for (const file of filesOf(result, read, earlier, order, where)) onFile(file);
      earlier.push(...result.up.filter((it) => it.kind !== 'ran' || it.shape.makes.length > 0));
    },
    signal,
  );
}

/** What the shadow holds, in words; that the embedded engine's shadow holds its database goes without saying. */
function stateOfShadow(kind: 'live' | 'replay', { target }: Bench): string {
  if (kind === 'replay') return 'all earlier migrations replayed';
  return target.kind === 'embedded' ? '' : `schema of ${target.info.label}`;
}

function filesOf(
  result: LinkResult,
  read: ReadMigration,
  earlier: readonly PlacedOutcome[],
  order: CheckOrder,
  where: Surroundings,
): FileCheck[] {
  const { up, down, ms } = result;
  const [upPath, downPath] = [result.link.up.path, result.link.down?.path];
  const own = [...read.files.keys()];
  return [...read.files.values()]
    .filter(({ path }) => order.wanted.has(path))
    .map((file) => {
      const findings = [
        ...problemsOf(file),
        ...stateFindings(file, read, order.stateOf(read)),
        ...(file.path === upPath ? findingsOf(up, file.text, earlier, where, own) : []),
        ...(file.path === upPath ? unclosedFindings(result.link.up.scripts, up) : []),
        ...(file.path === downPath ? findingsOf(down, file.text, [...earlier, ...up], where, own) : []),
        ...(file.path === downPath ? unclosedFindings(result.link.down?.scripts ?? [], down) : []),
      ];
      const outcomes = outcomesOf([...up, ...down].filter(({ path }) => path === file.path));
      return {
        path: file.path,
        version: read.migration.version,
        ms,
        rooms: { rehearsal: ms },
        rehearsedOn: where.on,
        statements: outcomes.length,
        findings: inOrder(findings),
        outcomes,
      };
    });
}

const inOrder = (findings: readonly Finding[]): Finding[] => findings.toSorted((a, b) => a.range.start - b.range.start);

const problemsOf = ({ problems }: ReadFile): Finding[] => problems.map((it) => ({ ...it }));

function stateFindings({ path, text }: ReadFile, { migration }: ReadMigration, state: MigrationState): Finding[] {
  const range = { start: 0, end: Math.max(0, text.search(/[\r\n]|$/)) };
  if (path !== migration.upPath) return [];
  switch (state) {
    case 'edited':
      return [
        {
          range,
          severity: 'warning',
          code: 'edited-after-apply',
          message:
            'This migration was applied and has been edited since. The change reaches no database that has it: write a new migration instead.',
        },
      ];
    case 'skipped':
      return [
        {
          range,
          severity: 'warning',
          code: 'never-runs',
          message: 'The tool will never run this migration: a later one is applied already. Give it a higher version.',
        },
      ];
    case 'applied':
    case 'pending':
    case 'missing':
      return [];
  }
}
