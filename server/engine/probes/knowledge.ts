/** What is known of the target's rows at a place in the migrations: grows with each statement before it. */
import { type Clause, type RowEffect, rowEffectOf } from '../sql/rowEffects';
import type { Shape, Statement } from '../sql/statement';
import { lastOf } from '../sql/tree';
import { doubtOf } from './doubt';
import { type ColumnFacts, type Facts, tableKey, type TableFacts, type TableKey } from './facts';
import { addedValue, kept, type Layer, type Rows } from './rows';

/** What one statement did on the shadow. */
export interface Performed {
  readonly kind: 'ran' | 'refused' | 'ended' | 'skipped';
  readonly statement: Statement;
  readonly shape: Shape;
  readonly notices?: readonly { readonly sqlState: string }[];
  /** Of what ran; of what was refused when it would have written rows. */
  readonly facts?: Facts | undefined;
}

export class Knowledge {
  private readonly rows = new Map<TableKey, Rows>();
  /** Names of tables that a refused statement speaks of: nobody knows what it will do when it is mended. */
  private readonly doubtful = new Set<string>();
  /** Names of tables that a refused statement would have made, and that no trigger or rule was to be put upon. */
  private readonly unmade = new Set<string>();
  /** Functions, types and domains that are others on the shadow than on the target. */
  private readonly changed = new Set<string>();
  private changesCode = false;
  private anything = false;
  private dropsTables = false;

  /** @param table as it is before the statement that asks, except for what that one does to it */
  rowsOf(table: Pick<TableFacts, 'schema' | 'name' | 'kind' | 'heirs' | 'temporary'>): Rows {
    const known = this.rows.get(tableKey(table));
    if (known?.kind === 'none') return known;
    if (table.temporary || !['r', 'p', 'm'].includes(table.kind)) return { kind: 'unknown' };
    if (this.anything || this.doubtful.has(table.name)) return { kind: 'unknown' };
    // Rows go with a child that is dropped; whose child it was cannot be seen any more.
    if (this.dropsTables && (table.kind === 'p' || table.heirs.length > 0)) return { kind: 'unknown' };
    if (table.heirs.some((heir) => this.rows.get(heir)?.kind === 'unknown')) return { kind: 'unknown' };
    return known ?? { kind: 'target', schema: table.schema, name: table.name, layers: [] };
  }

  /** Whether an expression means the same on the target. */
  means(names: ReadonlySet<string>, functions: readonly string[]): boolean {
    if (this.changesCode && functions.length > 0) return false;
    return ![...names].some((name) => this.changed.has(name));
  }

  /** A migration ran that nobody could read. */
  learnNothing(): void {
    this.rows.clear();
    this.anything = true;
    this.changesCode = true;
  }

  learn(performed: Performed): void {
    const { kind, statement, shape } = performed;
    if (kind !== 'ran') return this.learnDoubt(performed);
    const effect = rowEffectOf(statement.text);
    this.learnChanges(shape);
    if (effect.kind === 'none') return;
    const facts = performed.facts;
    if (effect.kind === 'drops') {
      this.dropsTables = true;
      return;
    }
    if (effect.kind === 'anything' || (!facts && asksFacts(effect))) {
      this.anything = true;
      return;
    }
    if (facts) this.learnEffect(effect, facts, performed);
  }

  private learnDoubt(performed: Performed): void {
    const { node, mentions } = performed.shape;
    const doubt = doubtOf(performed, this.unmade);
    if (/^(?:CreateTrigStmt|RuleStmt|unreadable)$/.test(node)) for (const name of mentions) this.unmade.delete(name);
    if (doubt === 'anything') {
      this.anything = true;
      return;
    }
    for (const key of doubt.tables) this.rows.set(key, { kind: 'unknown' });
    for (const name of doubt.names) this.doubtful.add(name);
    for (const name of doubt.unmade) this.unmade.add(name);
  }

  private learnChanges({ node, makes, takes }: Shape): void {
    for (const { kind, name, of } of [...makes, ...takes]) {
      if (kind === 'function') this.changesCode = true;
      if (kind === 'function' || kind === 'type') this.changed.add(name);
      if ((node === 'AlterEnumStmt' || node === 'AlterDomainStmt') && of !== undefined) this.changed.add(of);
    }
    if (/Function|Cast|OpClass|OpFamily|Operator|DefineStmt/.test(node)) this.changesCode = true;
  }

  private learnEffect(effect: RowEffect, { tables, touched, missing }: Facts, performed: Performed): void {
    const [table] = tables;
    switch (effect.kind) {
      case 'writes':
        if (touched === 'all' || missing.tables.length > 0) this.anything = true;
        else for (const key of touched) this.rows.set(key, { kind: 'unknown' });
        return;
      case 'makes':
        if (table && !wasThere(performed, '42P07')) this.rows.set(tableKey(table), { kind: 'none' });
        return;
      case 'fills':
        if (table && !wasThere(performed, '42P07')) this.rows.set(tableKey(table), { kind: 'unknown' });
        return;
      case 'renames':
        if (table) this.move(table, effect);
        return;
      case 'renamesColumn':
        if (table) this.lay(table, [renamed(table, effect.from, effect.to)]);
        return;
      case 'alters':
        if (table) this.alter(table, tables, effect.clauses, performed);
        return;
      case 'none':
      case 'anything':
      case 'drops':
      case 'indexes':
      case 'constrains':
        return;
    }
  }

  /** A table that moves to another schema comes from where its name was found, which is not told when it is unqualified. */
  private move(table: TableFacts, { from, to }: Extract<RowEffect, { kind: 'renames' }>): void {
    const stays = from.length === to.length;
    const schema = from.length > 1 ? from[0] : stays ? table.schema : undefined;
    const rows = schema === undefined ? undefined : this.rowsOf({ ...table, schema, name: lastOf(from) });
    if (schema !== undefined) this.rows.delete(tableKey({ schema, name: lastOf(from) }));
    this.rows.set(tableKey(table), rows ?? { kind: 'unknown' });
  }

  private alter(
    table: TableFacts,
    tables: readonly TableFacts[],
    clauses: readonly Clause[],
    performed: Performed,
  ): void {
    if (clauses.some(({ kind }) => kind === 'attach' || kind === 'regroups')) {
      const both = [table, ...tables.slice(1, 2)];
      const empty = both.every((it) => this.rowsOf(it).kind === 'none');
      if (!empty) for (const it of both) this.rows.set(tableKey(it), { kind: 'unknown' });
      for (const clause of clauses) if (clause.kind === 'regroups') this.doubtful.add(lastOf(clause.other));
      return;
    }
    this.lay(table, layersOf(table, clauses, wasThere(performed, '42701')));
  }

  private lay(table: TableFacts, layers: readonly Layer[]): void {
    if (layers.length === 0) return;
    this.rows.set(tableKey(table), laid(this.rowsOf(table), layers));
    // The columns of children are altered along with it.
    for (const heir of table.heirs) if (this.rows.get(heir)?.kind !== 'none') this.rows.set(heir, { kind: 'unknown' });
  }
}

/** The statement found what it would make (IF NOT EXISTS), and said so. */
export const wasThere = ({ notices = [] }: Performed, sqlState: string): boolean =>
  notices.some((notice) => notice.sqlState === sqlState);

const asksFacts = (effect: RowEffect): boolean =>
  effect.kind !== 'writes' || effect.tables.length + effect.calls.length > 0;

/** Where a table has the name of a column that is left out, that name would mean its whole rows. */
export function laid(rows: Rows, layers: readonly Layer[]): Rows {
  if (rows.kind !== 'target') return rows;
  if (layers.some(({ table, unknown }) => unknown.includes(table))) return { kind: 'unknown' };
  return { ...rows, layers: [...rows.layers, ...layers] };
}

/**
 * What ALTER TABLE does to each row.
 *
 * @param found some columns that were to be added were there already; then they all count as such
 */
export function layersOf(table: TableFacts, clauses: readonly Clause[], found: boolean): Layer[] {
  const added = new Set(
    clauses.flatMap((it) => (it.kind === 'addColumn' && !(found && it.ifNotExists) ? [it.column] : [])),
  );
  const retyped = new Map(clauses.flatMap((it) => (it.kind === 'retype' ? [[it.column, it] as const] : [])));
  const recomputed = new Set(clauses.flatMap((it) => (it.kind === 'recompute' ? [it.column] : [])));
  if (added.size + retyped.size + recomputed.size === 0) return [];
  const computed = table.columns.filter(
    ({ name, generated }) => generated && (added.has(name) || recomputed.has(name)),
  );
  const first = table.columns.flatMap((column) => {
    if (computed.includes(column)) return [];
    const retype = retyped.get(column.name);
    const value = retype
      ? retypedValue(column, retype)
      : added.has(column.name)
        ? addedValue(column)
        : kept(column).value;
    return value === undefined ? [] : [{ name: column.name, value }];
  });
  const known = new Set([...first, ...computed].map(({ name }) => name));
  const unknown = table.columns.map(({ name }) => name).filter((name) => !known.has(name));
  const layer = { table: table.name, columns: first, unknown };
  if (computed.length === 0) return [layer];
  const values = computed.flatMap(({ name, default: value, type }) =>
    value === null ? [] : [{ name, value: `(${value})::${type}` }],
  );
  return [layer, { table: table.name, columns: [...first.map(kept), ...values], unknown }];
}

/** The labels of an enum that the target may not have yet are as good as texts. */
function retypedValue(column: ColumnFacts, { using }: Extract<Clause, { kind: 'retype' }>): string {
  const written = using?.text ?? kept(column).value;
  if (column.labels && using?.cast !== undefined) return `(${using.cast})::text`;
  return `(${written})::${column.type}`;
}

function renamed(table: TableFacts, from: string, to: string): Layer {
  const columns = table.columns.map((column) =>
    column.name === to ? { name: to, value: kept({ name: from }).value } : kept(column),
  );
  return { table: table.name, columns, unknown: [] };
}
