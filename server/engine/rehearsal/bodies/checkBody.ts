/** The bodies that statements of a script hold: functions, procedures, triggers and DO blocks, checked in the file. */
import type { TextRange } from '../../base/text';
import type { Session } from '../../database/session';
import { bodiesIn, type BodyText } from '../../sql/plpgsql/bodyText';
import { inFile } from '../../sql/places';
import type { Shape, Statement } from '../../sql/statement';
import { problemsIn } from './check';
import type { BodyProblem } from './problem';
import { extensionOf } from './plpgsqlCheck';
import { inlineBlock, madeLast } from './routine';
import { aside } from '../../database/aside';

/** Whether a statement holds a body that `checkBody` can look at. */
export const holdsBody = ({ node }: Shape): boolean => node === 'CreateFunctionStmt' || node === 'DoStmt';

/**
 * What Postgres will refuse when the body that a statement holds is called: the server takes CREATE FUNCTION without
 * looking at the names in a PL/pgSQL body. Paths of a DO block that have not run are checked too.
 *
 * A function may need what comes behind it in its script, so it is to be checked at the end of that. A DO block does
 * not run again, so it is to be checked at once. Changes nothing on the session; works in a transaction and outside.
 *
 * @param statement which ran on this session
 * @returns problems with ranges in the file, in their order; none in a failed transaction
 * @throws {Fault} as Session; as `throwIfTrouble`
 */
export async function checkBody(
  session: Session,
  statement: Statement,
  shape: Shape,
  { statementMs }: { readonly statementMs: number },
): Promise<BodyProblem[]> {
  if (!holdsBody(shape)) return [];
  const bodies = bodiesIn(statement.text);
  const problems = await aside(session, async () => {
    const routine = await routineOf(session, shape, bodies);
    if (!routine) return undefined;
    const extension = await extensionOf(session, statementMs);
    return { body: routine.body, found: await problemsIn(session, routine, extension, statementMs) };
  });
  const written = bodies.find(({ text }) => text === problems?.body);
  if (!problems || !written) return [];
  return problems.found
    .filter(({ kind }) => kind === 'refused')
    .map((it) => ({ ...it, range: placeOf(it.range, written, statement) }));
}

async function routineOf(session: Session, { node, makes }: Shape, bodies: readonly BodyText[]) {
  const texts = bodies.map(({ text }) => text);
  if (node === 'CreateFunctionStmt') return madeLast(session, makes[0]?.name ?? '', texts);
  const [body = ''] = texts;
  return inlineBlock(body);
}

const placeOf = (range: TextRange, written: BodyText, statement: Statement): TextRange =>
  inFile({ start: written.offsetOf(range.start), end: written.offsetOf(range.end) }, statement);
