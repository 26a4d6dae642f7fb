/** What ALTER DOMAIN asks of the columns that have the domain. */
import { quoteIdentifier } from '../database/quote';
import type { RowEffect } from '../sql/rowEffects';
import { tokensOf } from '../sql/tokens';
import { type Asked, noNulls, placeOf } from './asked';
import type { DomainFacts, TableFacts } from './facts';
import type { Knowledge } from './knowledge';
import { rowsAgainst } from './questions';
import { noDomainValue, notOfDomain } from './words';

export function askedByDomain(
  { constraint: name, notNull }: Extract<RowEffect, { kind: 'constrains' }>,
  domain: DomainFacts,
  tables: readonly TableFacts[],
  knowledge: Knowledge,
): Asked[] {
  const constraint = domain.constraints.findLast((it) => (name === undefined ? it.type === 'c' : it.name === name));
  return domain.columns.flatMap(({ table: id, column: columnName }) => {
    const table = tables.find((it) => it.id === id);
    const column = table?.columns.find((it) => it.name === columnName);
    const place = table && placeOf(table, knowledge);
    if (!column || !place) return [];
    if (notNull || constraint?.type === 'n')
      return [{ ...noNulls(place, column, 'only'), says: noDomainValue(table.name, column.name) }];
    if (!constraint?.validated || constraint.expression === null) return [];
    const value = `(${quoteIdentifier(column.name)})::${domain.base}`;
    return [
      {
        says: notOfDomain(table.name, column.name),
        question: rowsAgainst(place, withValue(constraint.expression, value), 'only'),
        code: [constraint.expression],
        functions: constraint.functions,
      },
    ];
  });
}

/** VALUE stands for the value in the check of a domain; no column can stand there. */
function withValue(expression: string, value: string): string {
  let [text, at] = ['', 0];
  for (const { kind, text: word, range } of tokensOf(expression)) {
    if (kind !== 'word' || word !== 'VALUE') continue;
    text += expression.slice(at, range.start) + value;
    at = range.end;
  }
  return text + expression.slice(at);
}
