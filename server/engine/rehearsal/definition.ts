/** Where was the code written that a refusal comes from? Functions run at another place than the one they stand at. */
import type { Refusal } from '../database/session';
import type { Finding } from '../project';
import { rangeInBody } from '../sql/blame';
import { inFile } from '../sql/places';
import type { PlacedOutcome } from './outcome';

/**
 * The line in the innermost function that an earlier statement made.
 *
 * @param earlier outcomes of the statements before, of earlier scripts too, oldest first
 */
export function definitionsOf(refusal: Refusal, earlier: readonly PlacedOutcome[]): NonNullable<Finding['related']> {
  const functions = earlier.filter(({ kind, shape }) => kind === 'ran' && shape.node === makesFunction);
  const levels = (refusal.where ?? '').split('\n').filter((line) => /\(.*\)|"/.test(line));
  for (const level of levels) {
    const definition = functions.findLast(({ shape }) => shape.makes.some(({ name }) => isIn(level, name)));
    if (!definition) continue;
    const { path, statement } = definition;
    const inBody = rangeInBody(statement.text, { ...refusal, where: level });
    if (!inBody) continue;
    const [made] = definition.shape.makes;
    const message = `${made?.name ?? 'The function'} ran this.`;
    return [{ path, range: inFile(inBody, statement), message }];
  }
  return [];
}

const makesFunction = 'CreateFunctionStmt';

/** `PL/pgSQL function app.total(integer) line 3 at RETURN`, `SQL function "total" statement 1`, in whatever language. */
function isIn(level: string, name: string): boolean {
  const at = level.indexOf(name);
  if (at < 0) return false;
  const [before, after] = [level[at - 1] ?? ' ', level[at + name.length] ?? ' '];
  return /[\s."]/.test(before) && /["(]/.test(after);
}
