/** Checks the body of one routine against the schema as the session sees it. */
import { byPlace } from '../../base/text';
import type { Refusal, Session } from '../../database/session';
import { blamedRange } from '../../sql/blame';
import { parseBody } from '../../sql/plpgsql/parse';
import { refusalOf } from './attempt';
import { blamedIn } from './bodyBlame';
import { withoutElsewhere } from './elsewhere';
import type { BodyProblem } from './problem';
import { isAboutNames, judgeOf } from './judge';
import { ownPass } from './ownPass';
import { survey } from './places';
import { checkedByExtension, type Extension } from './plpgsqlCheck';
import type { Routine } from './routine';

/**
 * What would be refused in the body of a routine; nothing when that cannot be known.
 *
 * PL/pgSQL is checked by our own pass, which knows the exact places, and by `plpgsql_check` where the server has it. To
 * be called under a savepoint, which must be taken back.
 *
 * @param timeoutMs longest time for one message, in milliseconds
 * @throws {Fault} as `throwIfTrouble`
 */
export async function problemsIn(
  session: Session,
  routine: Routine,
  extension: Extension | undefined,
  timeoutMs: number,
): Promise<BodyProblem[]> {
  if (routine.language === 'sql') return validated(session, routine, timeoutMs);
  const body = parseBody(routine.body);
  if (!body) return [];
  const surveyed = survey(body.block);
  const judge = judgeOf(routine, body, surveyed);
  const places = surveyed.places.filter((place) => judge.listens(place));
  const verdict = await ownPass(session, routine, body, places, timeoutMs);
  if (verdict.kind === 'unread')
    return isAboutNames(verdict.refusal) ? [uncompiled(routine.body, verdict.refusal)] : [];
  const more = extension ? await checkedByExtension(session, extension, routine, surveyed.places) : [];
  const problems = [...new Map([...more, ...verdict.refusals])]
    .filter(([place, refusal]) => judge.believes(place, refusal))
    .map(
      ([{ piece }, refusal]): BodyProblem => ({
        kind: 'refused',
        range: blamedIn(routine.body, piece, refusal),
        refusal,
      }),
    )
    .toSorted(byPlace);
  return withoutElsewhere(session, routine, problems);
}

/** What a variable is declared as is gone. Positions are those of the mirror. */
const uncompiled = (body: string, refusal: Refusal): BodyProblem => ({
  kind: 'uncompiled',
  range: blamedRange(body, { sqlState: refusal.sqlState, message: refusal.message }),
  refusal,
});

/** The server's own check of SQL-language bodies, which it does not do again when the schema changes. */
async function validated(session: Session, routine: Routine, timeoutMs: number): Promise<BodyProblem[]> {
  const { oid, body, settings } = routine;
  const validation = `set local check_function_bodies = on; select pg_catalog.fmgr_sql_validator(${oid})`;
  const answer = await refusalOf(session, settings, validation, timeoutMs);
  if (!answer || !isAboutNames(answer)) return [];
  const { internalCharacter, internalQuery, ...refusal } = answer;
  const blame = internalQuery === body && internalCharacter ? { ...refusal, character: internalCharacter } : refusal;
  return withoutElsewhere(session, routine, [{ kind: 'refused', range: blamedRange(body, blame), refusal }]);
}
