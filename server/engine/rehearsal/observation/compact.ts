/**
 * Observes statements by the rules of the grammar alone: between them nothing is asked of the server, and what the rules
 * cannot tell for sure is left out.
 */
import { askedAside } from '../../database/aside';
import type { Session, TextRow } from '../../database/session';
import type { NeededLock, Shape } from '../../sql/statement';
import { nothingKnown } from './counted';
import { readHeld } from './held';
import { type Mark, markAfter, markAtBegin } from './mark';
import { neededBy } from './needed';
import {
  type Committed,
  isUnwritten,
  type Observed,
  type Observes,
  type Ran,
  type Ready,
  type Start,
} from './observer';
import { knownQuery, noRelations, readKnown, type Relations, relationsCalled, withoutNames } from './relations';
import type { Reports } from './reports';
import { callsRoutine } from './routines';
import { observationOf } from './tell';

export class CompactObserver implements Observes {
  constructor(private readonly session: Session) {}

  /** Names have to be known once; what earlier scripts hold does not matter. */
  async begin(committed: Committed): Promise<Start | undefined> {
    const unwritten = (await this.answer(isUnwritten)) !== undefined;
    const former = unwritten ? committed.known : undefined;
    const row = former ? undefined : await this.answer(knownQuery);
    const known = former ?? (row && readKnown(row));
    if (!known) return undefined;
    if (unwritten) committed.known = known;
    return { mark: markAtBegin(known, new Map()), counted: nothingKnown };
  }

  ready(_: Shape, start: Start): Promise<Ready> {
    return Promise.resolve({ ...start, touched: [], questions: [], behind: undefined });
  }

  observe({ shape }: Ran, { mark: before }: Ready): Promise<Observed> {
    const isSure = isSureIn(shape, before);
    // Only on what is named: partitions may have been detached.
    const locks = shape.locks.filter(isSure).map((it) => ({ ...it, extent: 'only' as const }));
    const needed = neededBy({ ...shape, locks }, before.relations);
    const after = {
      ...markAfter(shape, before, nothingHeld, noReports, needed),
      relations: relationsBehind(shape, before),
    };
    const { versionNumber } = this.session.server;
    const nothing = { held: nothingHeld, reports: noReports, counts: new Map(), dependents: [] };
    const scene = { before, after, needed, ...nothing, toldBy: 'grammar', versionNumber } as const;
    const told = observationOf({ ...shape, alters: shape.alters.filter(isSure) }, scene);
    return Promise.resolve({
      observation: { ...told, partial: true },
      after: { mark: after, counted: nothingKnown },
    });
  }

  private async answer(question: string): Promise<TextRow | undefined> {
    const answer = await askedAside(this.session, [question]);
    return answer?.kind === 'done' ? answer.rows?.[0] : undefined;
  }
}

const nothingHeld = readHeld([]);
const noReports: Reports = { made: [], dropped: [] };

/** Whether it names one relation alone, and none that the statement makes: IF NOT EXISTS leaves one that is there as it is. */
const isSureIn =
  ({ makes }: Shape, { relations }: Mark) =>
  (it: Pick<NeededLock, 'schema' | 'name'>): boolean =>
    relationsCalled(relations, it).length === 1 && !makes.some(({ name }) => name === it.name);

/** Without those whose names may stand for others now, and without all when nobody can tell which those are. */
function relationsBehind(shape: Shape, { relations, routines }: Mark): Relations {
  const { node, makes, takes } = shape;
  // A schema that has another name gives one to all that is in it.
  const mayRenameAny = renamesUnnamed.has(node) || takes.some(({ kind }) => kind === 'schema');
  if (mayRenameAny || callsRoutine(shape, routines)) return noRelations;
  const moved = [...makes, ...takes].filter(({ kind }) => kind !== 'column');
  return withoutNames(
    relations,
    moved.map(({ name }) => name),
  );
}

const renamesUnnamed: ReadonlySet<string> = new Set(['AlterExtensionStmt', 'ImportForeignSchemaStmt']);
