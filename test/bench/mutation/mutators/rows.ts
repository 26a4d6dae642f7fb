/** What only rows refuse: each mutation brings two rows with it, just before the statement. */
import type { ColumnDef, Constraint, Node } from 'libpg-query';
import { before, type Mutation, type Mutator, replacement } from '../mutation';
import { itemFrom, lastPartAt, type Site, spelt } from '../site';
import { columnsIn } from './keys';

const notNull: Mutator = {
  name: 'not_null_no_default',
  shows: 'run',
  leaves: 'rows',
  mutate(site) {
    const { known } = site;
    if (!known.rows || !('AlterTableStmt' in site.tree)) return [];
    return columnsIn(site).flatMap((it) => withRows(site, withoutDefault(it, site)) ?? []);
  },
};

/** NOT NULL is added; a default is taken away. */
function withoutDefault(
  { location, constraints = [], identity, generated }: ColumnDef,
  site: Site,
): Mutation | undefined {
  const { tokens, at, file } = site;
  const name = tokens.find(({ range }) => range.start === at(location));
  if (
    !name ||
    identity ||
    generated ||
    constraints.some((it) => /IDENTITY|GENERATED|PRIMARY|CONSTR_NULL/.test(typeOf(it)))
  )
    return undefined;
  const item = itemFrom(tokens, name.range.start);
  const written = constraints.find((it) => typeOf(it) === 'CONSTR_DEFAULT');
  const text = file.slice(item.start, item.end);
  const wanted = constraints.some((it) => typeOf(it) === 'CONSTR_NOTNULL') ? '' : ' not null';
  if (!written) return { ...replacement(item, text + wanted), wrong: name.range };
  const starts = constraints
    .map((it) => at(constraintOf(it)?.location))
    .filter((it) => it > at(constraintOf(written)?.location));
  const [start, end] = [at(constraintOf(written)?.location), Math.min(item.end, ...starts)];
  return {
    ...replacement(item, file.slice(item.start, start) + file.slice(end, item.end) + wanted),
    wrong: name.range,
  };
}

const constraintOf = (node: Node): Constraint | undefined => ('Constraint' in node ? node.Constraint : undefined);
const typeOf = (node: Node): string => constraintOf(node)?.contype ?? '';

/** The rows stand before the statement, and what is changed in it moves on. */
function withRows({ known, file, statement }: Site, mutation: Mutation | undefined): Mutation | undefined {
  if (!mutation || !known.rows) return undefined;
  const { start } = statement.range;
  const { range, text, wrong } = mutation;
  const lead = `${known.rows}\n`;
  return {
    range: { start, end: range.end },
    text: lead + file.slice(start, range.start) + text,
    wrong: wrong && { start: wrong.start + lead.length, end: wrong.end + lead.length },
  };
}

const duplicates: Mutator = {
  name: 'unique_on_duplicates',
  shows: 'run',
  leaves: 'rows',
  mutate(site) {
    const { tree, tokens } = site;
    if (!('IndexStmt' in tree)) return [];
    const word = tokens[1];
    const { concurrent, whereClause, accessMethod } = tree.IndexStmt;
    if (!word || concurrent || whereClause || accessMethod !== 'btree') return [];
    const written = tree.IndexStmt.unique ? word.text : `unique ${word.text}`;
    const name =
      spelt(tokens, tree.IndexStmt.idxname, word.range.end) ??
      lastPartAt(tokens, site.at(tree.IndexStmt.relation?.location));
    const by = written.length - word.text.length;
    const wrong = name && { start: name.range.start + by, end: name.range.end + by };
    return [withRows(site, { range: word.range, text: written, wrong })].filter((it) => it !== undefined);
  },
};

const violatedCheck: Mutator = {
  name: 'check_violated',
  shows: 'run',
  leaves: 'rows',
  mutate(site) {
    const { tree, known, file } = site;
    const relation =
      'AlterTableStmt' in tree
        ? tree.AlterTableStmt.relation
        : 'IndexStmt' in tree
          ? tree.IndexStmt.relation
          : undefined;
    const name = relation && lastPartAt(site.tokens, site.at(relation.location));
    if (!name || !known.rows) return [];
    const table = file.slice(site.at(relation.location), name.range.end);
    const sql = `${known.rows}\nalter table ${table} add constraint mutation_check check (1 > 2)`;
    return [before(site, sql, 'mutation_check')];
  },
};

export const rows: readonly Mutator[] = [notNull, duplicates, violatedCheck];
