/** Statements in an order that does not work, and views whose columns go. */
import type { ColumnRef } from 'libpg-query';
import { relationParts, textOf, visit } from '../../../../server/engine/sql/tree';
import { quoteIdentifier } from '../../../../server/engine/database/quote';
import { after, before, type Mutator, replacement } from '../mutation';
import { lastPartAt, type Site } from '../site';

const swapped: Mutator = {
  name: 'swapped',
  shows: 'run',
  mutate({ file, statement, next }) {
    if (!next || next.kind !== 'sql') return [];
    const between = file.slice(statement.range.end, next.range.start);
    return [replacement({ start: statement.range.start, end: next.range.end }, next.text + between + statement.text)];
  },
};

const columnGone: Mutator = {
  name: 'view_on_dropped_column',
  shows: 'run',
  mutate(site) {
    const used = usedByView(site);
    return used.map(({ table, column, written }) => {
      const mutation = before(site, `alter table ${table} drop column ${column} cascade`);
      const by = mutation.text.length;
      return { ...mutation, wrong: { start: written.start + by, end: written.end + by } };
    });
  },
};

const columnUsed: Mutator = {
  name: 'drop_column_of_view',
  shows: 'run',
  mutate: (site) =>
    usedByView(site).map(({ table, column }) => after(site, `alter table ${table} drop column ${column}`, column)),
};

/** Columns of a view's only table, as it mentions them. */
function usedByView({ tree, tokens, at }: Site) {
  if (!('ViewStmt' in tree)) return [];
  const { query } = tree.ViewStmt;
  if (!query || !('SelectStmt' in query) || query.SelectStmt.withClause) return [];
  const [only, ...others] = query.SelectStmt.fromClause ?? [];
  if (!only || !('RangeVar' in only) || others.length > 0) return [];
  const table = relationParts(only.RangeVar).map(quoteIdentifier).join('.');
  const found = new Map<string, { readonly start: number; readonly end: number }>();
  visit(tree, (key, value) => {
    if (key !== 'ColumnRef') return;
    const { fields, location } = value as ColumnRef;
    const token = lastPartAt(tokens, at(location));
    const name = textOf(fields?.at(-1));
    if (token && name !== '' && !found.has(name)) found.set(name, token.range);
  });
  return [...found].map(([name, written]) => ({ table, column: quoteIdentifier(name), written }));
}

export const order: readonly Mutator[] = [swapped, columnGone, columnUsed];
