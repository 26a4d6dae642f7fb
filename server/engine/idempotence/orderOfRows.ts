/** What changes nothing the second time by itself, and does so beside what stands before it in the file. */
import { shapeOf } from '../sql/parse';
import { rowEffectOf } from '../sql/rowEffects';
import type { Statement } from '../sql/statement';
import { lastOf } from '../sql/tree';
import { left, type Treatment } from './treatment';

/**
 * A conversion with USING is not run again where the type is there, but an UPDATE or DELETE before it is: it would find
 * converted values, and what it writes would not be converted.
 */
export class OrderOfRows {
  /** Names without their schemas, for a search_path may lead anywhere. */
  readonly #written = new Set<string>();

  /** Of the statements of a file, in their order. */
  allows({ text, kind }: Statement, treatment: Treatment): Treatment {
    if (kind !== 'sql') return treatment;
    const effect = rowEffectOf(text);
    if (effect.kind === 'writes' && writesAgain.has(shapeOf(text).node))
      for (const table of effect.tables) this.#written.add(lastOf(table));
    if (effect.kind !== 'alters' || !this.#written.has(lastOf(effect.table))) return treatment;
    return effect.clauses.some((it) => it.kind === 'retype' && it.using)
      ? left(
          'A statement before it writes rows of that table, and would do so again behind the conversion: make two files of it.',
        )
      : treatment;
  }
}

/** A query may write in its WITH. An INSERT is left, or finds its rows. */
const writesAgain: ReadonlySet<string> = new Set(['UpdateStmt', 'DeleteStmt', 'MergeStmt', 'SelectStmt']);
