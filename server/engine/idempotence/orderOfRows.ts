/** What changes nothing the second time by itself, and does so beside what stands before it in the file. */
import { treesOf } from '../sql/parse';
import type { Statement } from '../sql/statement';
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
    const [tree] = treesOf(text);
    if (!tree) return treatment;
    if ('UpdateStmt' in tree) this.#written.add(tree.UpdateStmt.relation?.relname ?? '');
    if ('DeleteStmt' in tree) this.#written.add(tree.DeleteStmt.relation?.relname ?? '');
    if ('MergeStmt' in tree) this.#written.add(tree.MergeStmt.relation?.relname ?? '');
    if (!('AlterTableStmt' in tree) || !this.#written.has(tree.AlterTableStmt.relation?.relname ?? ''))
      return treatment;
    const converts = (tree.AlterTableStmt.cmds ?? []).some(
      (it) =>
        'AlterTableCmd' in it &&
        it.AlterTableCmd.subtype === 'AT_AlterColumnType' &&
        it.AlterTableCmd.def &&
        'ColumnDef' in it.AlterTableCmd.def &&
        it.AlterTableCmd.def.ColumnDef.raw_default,
    );
    return converts
      ? left(
          'A statement before it writes rows of that table, and would do so again behind the conversion: make two files of it.',
        )
      : treatment;
  }
}
