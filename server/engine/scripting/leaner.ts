/** Without what goes without saying: settings of the session, and that what somebody makes is theirs. */
import { foldedName } from '../sql/tokens';
import { type ProvingGround, runScript } from './provedScript';
import type { Script, ScriptStatement } from './script';

/**
 * It is tried once more, on a copy of its own.
 *
 * @param user who will run it
 * @param leadsThere whether a dump of what the script has led to says what was wanted
 * @returns the script as it was where it does not lead there without them
 */
export async function leaner(
  script: Script,
  ground: ProvingGround,
  user: string | undefined,
  leadsThere: (dump: string) => boolean,
): Promise<Script> {
  const statements = script.statements.flatMap((it) => saying(it, user));
  if (statements.length === script.statements.length && statements.every((it, n) => it === script.statements[n]))
    return script;
  const less = { ...script, statements };
  return ground.withCopy(async ({ session, dump }) =>
    !(await runScript(session, less)) && leadsThere(await dump()) ? less : script,
  );
}

function saying(statement: ScriptStatement, user: string | undefined): ScriptStatement[] {
  const { sql } = statement;
  if (/^SET \w+ = /.test(sql)) return [];
  const { said, owner } =
    /^(?<said>(?:ALTER|CREATE SCHEMA) [^]*) (?:OWNER TO|AUTHORIZATION) (?<owner>.+)$/.exec(sql)?.groups ?? {};
  if (said === undefined || owner === undefined || foldedName(owner) !== user) return [statement];
  return said.startsWith('ALTER') ? [] : [{ ...statement, sql: said }];
}
