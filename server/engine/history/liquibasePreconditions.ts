/**
 * What do the preconditions of a changeset have Liquibase do with it, in this database?
 *
 * Facts from liquibase/liquibase: parser/core/formattedsql/FormattedSqlChangeLogParser.java, changelog/ChangeSet.java,
 * precondition/core/{PreconditionContainer,SqlPrecondition,TableExistsPrecondition}.java, database/core/PostgresDatabase.java.
 */
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import { attributeIn, type Changeset, type Precondition } from '../layouts/liquibaseFile';
import type { Decision } from './history';

/** @throws {Fault} `refused` where it stops there */
export async function decisionOn(session: Session, { preconditions, conditions }: Changeset): Promise<Decision> {
  for (const it of preconditions) {
    const broken = await brokenBy(session, it);
    if (!broken) continue;
    // `WARN` runs it, and so does another one that does not hold with `WARN`, for all are under one.
    switch (attributeIn(broken.when, conditions)?.toUpperCase()) {
      case 'CONTINUE':
        return 'leave';
      case 'MARK_RAN':
        return 'record';
      case 'WARN':
        continue;
      default:
        throw new Fault('refused', `its precondition does not hold (${broken.says}): Liquibase stops here.`);
    }
  }
  return 'run';
}

interface Broken {
  readonly when: 'onFail' | 'onError';
  readonly says: string;
}

async function brokenBy(session: Session, precondition: Precondition): Promise<Broken | undefined> {
  switch (precondition.kind) {
    case 'sql-check':
      return brokenCheck(session, precondition.body);
    case 'table-exists':
      return missing(session, precondition.body, 'table', ['r', 'p']);
    case 'view-exists':
      return missing(session, precondition.body, 'view', ['v', 'm']);
    default:
      throw new Fault('refused', `Liquibase knows no precondition ${precondition.kind}.`);
  }
}

async function brokenCheck(session: Session, body: string): Promise<Broken | undefined> {
  const [, word, single, double, sql] = /^(?:expectedResult:)?(?:(\w+)|'([^']+)'|"([^"]+)") (.*)$/i.exec(body) ?? [];
  if (sql === undefined) throw new Fault('refused', `Liquibase cannot read its sql-check "${body}".`);
  const answer = await session.run(sql.replace(/;\s*$/, ''), { withRows: true });
  if (answer.kind === 'refused') return { when: 'onError', says: answer.refusal.message };
  const found = answer.rows?.[0]?.[0] ?? undefined;
  const expected = word ?? single ?? double;
  return found === expected ? undefined : { when: 'onFail', says: `"${sql}" gave ${found ?? 'nothing'}` };
}

async function missing(
  session: Session,
  body: string,
  what: 'table' | 'view',
  kinds: readonly string[],
): Promise<Broken | undefined> {
  const written = new RegExp(String.raw`.*${what}:(\w+)`, 'i').exec(body)?.[1];
  if (written === undefined) throw new Fault('refused', `its ${what}-exists names no ${what}.`);
  const schema = /.*schema:(\w+)/i.exec(body)?.[1];
  const name = corrected(written);
  const found = await session.rows(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and n.nspname = coalesce($2, pg_catalog.current_schema()) and c.relkind::text = any($3)`,
    [name, schema === undefined ? null : corrected(schema), kinds],
  );
  return found.length > 0 ? undefined : { when: 'onFail', says: `there is no ${what} ${name}` };
}

/** A name in one case is one in lower case. */
const corrected = (name: string): string => (/[a-z]/.test(name) && /[A-Z]/.test(name) ? name : name.toLowerCase());
