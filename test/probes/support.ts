/** The same migration twice: rehearsed without rows and asked of the target, and really run where the rows are. */
import type { Finding } from '../../server/engine/project';
import { probe } from '../../server/engine/probes/ask';
import { factsFor } from '../../server/engine/probes/factsFor';
import { findingOf } from '../../server/engine/probes/finding';
import { Knowledge, type Performed } from '../../server/engine/probes/knowledge';
import type { Answer, Probe } from '../../server/engine/probes/probe';
import { probesOf } from '../../server/engine/probes/probesOf';
import type { Session } from '../../server/engine/database/session';
import { plainParameters } from '../../server/engine/database/parameters';
import { openSession } from '../../server/engine/database/postgres';
import { shapeOf } from '../../server/engine/sql/parse';
import { ReachingNames } from '../../server/engine/sql/reach';
import { rowEffectOf } from '../../server/engine/sql/rowEffects';
import { statementsOf } from '../../server/engine/sql/scan';

export interface Asked {
  readonly probe: Probe;
  readonly answer: Answer;
  readonly finding: Finding | undefined;
}

export const limits = { probeMs: 5_000 };
export const never = new AbortController().signal;

/** Opens sessions on a test database, as the engine's Database does. */
export function databaseAt(url: string) {
  const { hostname: host, port, username: user, password, pathname } = new URL(url);
  const place = { host, port: Number(port), user, password, database: decodeURIComponent(pathname.slice(1)) };
  return { open: () => openSession(plainParameters(place)) };
}

/** Rehearses the migration on a session whose database has the schema only, and takes it back. */
export async function rehearsed(shadow: Session, migration: string): Promise<Performed[]> {
  const performed: Performed[] = [];
  await shadow.run('begin');
  for (const statement of statementsOf(migration)) {
    const shape = shapeOf(statement.text);
    await shadow.run('savepoint each');
    const { copyData } = statement;
    const answer = await shadow.run(statement.text, copyData === undefined ? {} : { copyData });
    const kind = answer.kind === 'done' ? 'ran' : 'refused';
    await shadow.run(kind === 'ran' ? 'release savepoint each' : 'rollback to savepoint each');
    const isAsked = kind === 'ran' || rowEffectOf(statement.text).kind === 'writes';
    const facts = isAsked ? await factsFor(shadow, statement) : undefined;
    performed.push({ kind, statement, shape, notices: answer.notices, facts });
  }
  await shadow.run('rollback');
  return performed;
}

/** The probes of each statement, in order. */
export function probesIn(performed: readonly Performed[]): Probe[][] {
  const knowledge = new Knowledge();
  return performed.map((it) => {
    const probes = probesOf(it, knowledge, new ReachingNames());
    knowledge.learn(it);
    return probes;
  });
}

/** What the rows say of each statement. */
export async function asked(url: string, shadow: Session, migration: string): Promise<Asked[][]> {
  const probes = probesIn(await rehearsed(shadow, migration));
  const answers = await probe(databaseAt(url), probes.flat(), limits, never);
  let at = 0;
  return probes.map((those) =>
    those.map((it) => {
      const answer = answers[at++] ?? { kind: 'unknown', why: 'not asked' };
      return { probe: it, answer, finding: findingOf(it, answer) };
    }),
  );
}

/** Which statement is refused first with the rows there, and how. */
export async function refusedFirst(
  target: Session,
  migration: string,
): Promise<{ readonly index: number; readonly sqlState: string } | undefined> {
  await target.run('begin');
  try {
    for (const [index, { text, copyData }] of statementsOf(migration).entries()) {
      const answer = await target.run(text, copyData === undefined ? {} : { copyData });
      if (answer.kind === 'refused') return { index, sqlState: answer.refusal.sqlState };
    }
    const end = await target.run('set constraints all immediate');
    return end.kind === 'refused' ? { index: -1, sqlState: end.refusal.sqlState } : undefined;
  } finally {
    await target.run('rollback');
  }
}
