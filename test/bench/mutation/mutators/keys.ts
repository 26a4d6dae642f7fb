/** Foreign keys that cannot be: a column that is not there or not unique, a type that does not fit. */
import type { ColumnDef, Constraint, Node } from 'libpg-query';
import { textOf, visit } from '../../../../server/engine/sql/tree';
import { misspelling, type Mutation, type Mutator, replacement } from '../mutation';
import { lastPartAt, type Site, spelt } from '../site';

const wrongColumn: Mutator = {
  name: 'fk_wrong_target',
  shows: 'run',
  mutate: (site) => foreignKeysIn(site).flatMap((it) => wrongTarget(it, site) ?? []),
};

/** The column it points to is misspelt; where none is written, one is that is not there. */
function wrongTarget({ pktable, pk_attrs = [] }: Constraint, { tokens, at }: Site): Mutation | undefined {
  const table = lastPartAt(tokens, at(pktable?.location));
  if (!table) return undefined;
  const column = spelt(tokens, textOf(pk_attrs.at(-1)), table.range.end);
  if (column) return misspelling(column);
  const { end } = table.range;
  return replacement({ start: end, end }, ' (mutation_key)', 'mutation_key');
}

const wrongType: Mutator = {
  name: 'fk_wrong_type',
  shows: 'run',
  mutate: (site) => columnsIn(site).flatMap((it) => otherType(it, site) ?? []),
};

/** A path compares with nothing that a key is made of. To blame is the whole definition of the column. */
function otherType({ colname, location, typeName, constraints = [] }: ColumnDef, site: Site): Mutation | undefined {
  const key = constraints.map(constraintOf).find((it) => it?.contype === 'CONSTR_FOREIGN');
  const [name, type] = [location, typeName?.location].map((it) =>
    site.tokens.find(({ range }) => range.start === site.at(it)),
  );
  const plain = constraints.every((it) => /FOREIGN|NOTNULL|NULL/.test(constraintOf(it)?.contype ?? ''));
  const next = type && site.tokens.find(({ range }) => range.start >= type.range.end);
  if (!colname || !key || !name || !type || !plain || !/^(?:references|not|null|constraint)$/i.test(next?.text ?? ''))
    return undefined;
  const end =
    site.tokens.find(({ range }) => range.start >= site.at(key.pktable?.location))?.range.end ?? type.range.end;
  const text = 'box';
  return { range: type.range, text, wrong: { start: name.range.start, end: end + text.length - type.text.length } };
}

/** The table it points to is another one of the same statement: table or column may be to blame. */
const otherTable: Mutator = {
  name: 'fk_other_table',
  shows: 'run',
  mutate(site) {
    const keys = foreignKeysIn(site).flatMap(
      ({ pktable }) => lastPartAt(site.tokens, site.at(pktable?.location)) ?? [],
    );
    return keys.flatMap((table, i) => {
      const other = keys[(i + 1) % keys.length];
      return other && other.text !== table.text ? [replacement(table.range, other.text)] : [];
    });
  },
};

const constraintOf = (node: Node): Constraint | undefined => ('Constraint' in node ? node.Constraint : undefined);

function foreignKeysIn({ tree }: Site): Constraint[] {
  const found: Constraint[] = [];
  visit(tree, (key, value) => {
    if (key === 'Constraint' && (value as Constraint).contype === 'CONSTR_FOREIGN') found.push(value);
  });
  return found;
}

export function columnsIn({ tree }: Pick<Site, 'tree'>): ColumnDef[] {
  const found: ColumnDef[] = [];
  visit(tree, (key, value) => {
    if (key === 'ColumnDef' && (value as ColumnDef).colname) found.push(value);
  });
  return found;
}

export const keys: readonly Mutator[] = [wrongColumn, wrongType, otherTable];
