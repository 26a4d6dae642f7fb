/**
 * From one statement that ran on the shadow to the questions that only the target's rows can answer.
 *
 * What a statement may be refused for by rows is asked, and nothing that is not known to be the same on the target.
 */
import { blamedRange } from '../sql/blame';
import { mentionsOfTokens } from '../sql/mentions';
import { inFile } from '../sql/places';
import { type ReachingNames, reachesOfBody } from '../sql/reach';
import { type RowEffect, rowEffectOf } from '../sql/rowEffects';
import type { Statement } from '../sql/statement';
import { tokensOf } from '../sql/tokens';
import { askedByAlteration, askedOfDefault } from './alteration';
import { askedByIndex, type Asked, placeOf } from './asked';
import { askedByDomain } from './domains';
import type { Facts } from './facts';
import { isHarmless } from './harmless';
import { Knowledge, type Performed, wasThere } from './knowledge';
import type { Probe } from './probe';

/**
 * @param knowledge of the rows before the statement
 * @param reaching what must not be called on the target
 */
export function probesOf(performed: Performed, knowledge: Knowledge, reaching: ReachingNames): Probe[] {
  if (reaching.reachesOf(performed.shape).length > 0) return [];
  return probesWhere(performed, knowledge, (asked, facts) => mayBeAsked(asked, facts, knowledge, reaching));
}

/**
 * The same of a copy that stands just before the statement: it is there for whatever the statement calls to be called, so
 * that its questions may call that, too.
 */
export const probesOnCopy = (performed: Performed): Probe[] => probesWhere(performed, new Knowledge(), () => true);

function probesWhere(
  performed: Performed,
  knowledge: Knowledge,
  isAllowed: (asked: Asked, facts: Facts) => boolean,
): Probe[] {
  const { kind, statement, facts } = performed;
  if (kind !== 'ran' || !facts) return [];
  return askedBy(rowEffectOf(statement.text), facts, knowledge, performed)
    .filter((asked) => isAllowed(asked, facts))
    .map((asked) => probeOf(asked, statement, facts));
}

function askedBy(effect: RowEffect, facts: Facts, knowledge: Knowledge, performed: Performed): Asked[] {
  const [table, other] = facts.tables;
  if (effect.kind === 'constrains')
    return facts.domain ? askedByDomain(effect, facts.domain, facts.tables, knowledge) : [];
  if (!table) return [];
  if (effect.kind === 'alters') return askedByAlteration(table, effect, facts, knowledge, performed);
  if (wasThere(performed, '42P07')) return [];
  if (effect.kind === 'makes') return effect.parent && other ? askedOfDefault(other, facts, knowledge) : [];
  const place = effect.kind === 'indexes' ? placeOf(table, knowledge) : undefined;
  if (effect.kind !== 'indexes' || !place || (effect.reach === 'only' && table.kind === 'p')) return [];
  const index = table.indexes.findLast(({ name }) => effect.name === undefined || name === effect.name);
  return index ? askedByIndex(place, index) : [];
}

function mayBeAsked(
  { question, code, functions }: Asked,
  facts: Facts,
  knowledge: Knowledge,
  reaching: ReachingNames,
): boolean {
  const names = mentionsOfTokens(code.flatMap((it) => tokensOf(it)));
  if (!knowledge.means(names, functions) || functions.length > 0) return false;
  const sql = [question.kind === 'count' ? question.countSql : question.planSql, question.rowsSql];
  const mentioned = mentionsOfTokens(sql.flatMap((it) => tokensOf(it)));
  if (!isHarmless(sql, mentioned, facts)) return false;
  return sql.every((it) => reaching.reachesOf(reachesOfBody(it, 'sql')).length === 0);
}

function probeOf({ says, question, column }: Asked, statement: Statement, { searchPath }: Facts): Probe {
  const { sqlState, refusal: message, table, constraint } = says;
  const blame = {
    sqlState,
    message,
    table,
    ...(constraint === undefined ? {} : { constraint }),
    ...(column === undefined ? {} : { column }),
  };
  return { ...says, range: inFile(blamedRange(statement.text, blame), statement), searchPath, question };
}
