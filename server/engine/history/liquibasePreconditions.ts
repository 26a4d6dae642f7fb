/**
 * What do the preconditions of a changeset have Liquibase do with it, in this database?
 *
 * Facts from liquibase/liquibase: parser/core/formattedsql/FormattedSqlChangeLogParser.java, changelog/ChangeSet.java,
 * precondition/core/{PreconditionContainer,SqlPrecondition,TableExistsPrecondition}.java, database/core/PostgresDatabase.java.
 */
import { Fault } from '../base/fault';
import type { Session } from '../database/session';
import {
  attributeIn,
  type Changeset,
  type Existence,
  type Precondition,
  type SqlCheck,
} from '../layouts/liquibaseFile';
import type { Decision } from './history';

/** @throws {Fault} `bad-migration` where it stops there */
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
        throw new Fault('bad-migration', `its precondition does not hold (${broken.says}): Liquibase stops here.`);
    }
  }
  return 'run';
}

interface Broken {
  readonly when: 'onFail' | 'onError';
  readonly says: string;
}

const brokenBy = (session: Session, { asks }: Precondition): Promise<Broken | undefined> =>
  asks.kind === 'sql-check' ? brokenCheck(session, asks) : missing(session, asks);

async function brokenCheck(session: Session, { expected, sql }: SqlCheck): Promise<Broken | undefined> {
  const answer = await session.run(sql.replace(/;\s*$/, ''), { withRows: true });
  if (answer.kind === 'refused') return { when: 'onError', says: answer.refusal.message };
  const found = answer.rows?.[0]?.[0] ?? undefined;
  return found === expected ? undefined : { when: 'onFail', says: `"${sql}" gave ${found ?? 'nothing'}` };
}

async function missing(session: Session, { kind, name, schema }: Existence): Promise<Broken | undefined> {
  const [what, relkinds] = kind === 'table-exists' ? ['table', ['r', 'p']] : ['view', ['v', 'm']];
  const wanted = corrected(name);
  const found = await session.rows(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and n.nspname = coalesce($2, pg_catalog.current_schema()) and c.relkind::text = any($3)`,
    [wanted, schema === undefined ? null : corrected(schema), relkinds],
  );
  return found.length > 0 ? undefined : { when: 'onFail', says: `there is no ${what} ${wanted}` };
}

/** A name in one case is one in lower case. */
const corrected = (name: string): string => (/[a-z]/.test(name) && /[A-Z]/.test(name) ? name : name.toLowerCase());
