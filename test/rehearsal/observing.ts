/** Runs statements and observes them, as the rehearsal does it. */
import type { Done, Notice, Session } from '../../server/engine/database/session';
import { installObserver } from '../../server/engine/rehearsal/observation/install';
import type { Observation } from '../../server/engine/rehearsal/observation/observation';
import {
  type Committed,
  type Observed,
  Observer,
  type Observes,
  type Start,
} from '../../server/engine/rehearsal/observation/observer';
import { sortNotices } from '../../server/engine/rehearsal/observation/reports';
import { strengthOf } from '../../server/engine/sql/lockModes';
import { shapeOf } from '../../server/engine/sql/parse';

/** Under a savepoint. */
export async function ran(
  session: Session,
  observer: Observer,
  sql: string,
  before: Start,
): Promise<Observed & { readonly notices: readonly Notice[] }> {
  const shape = shapeOf(sql);
  await session.run('savepoint test');
  const ready = await observer.ready(shape, before);
  const { notices, behind } = await done(session, sql, ready.behind);
  const observed = await observer.observe({ shape, notices, told: behind?.answer }, ready);
  await session.run('release savepoint test');
  if (!observed) throw new Error(`the observer was refused behind ${sql}`);
  return { ...observed, notices: sortNotices(notices).notices };
}

/** In an open transaction. */
export async function begun(observer: Observes, committed: Committed = {}): Promise<Start> {
  const start = await observer.begin(committed);
  if (!start) throw new Error('the observer was refused');
  return start;
}

/** With event triggers, where the role may make them. On an idle session. */
export const observerOn = async (session: Session): Promise<Observer> =>
  new Observer(session, (await installObserver(session)) ? 'server' : 'grammar');

/** A statement that has to run. */
export async function done(session: Session, sql: string, behind?: string): Promise<Done> {
  const answer = await session.run(sql, behind === undefined ? {} : { behind });
  if (answer.kind === 'refused') throw new Error(`${answer.refusal.message}: ${sql}`);
  return answer;
}

/** One line for each thing that is told. */
export function linesOf({
  locks,
  rewrites,
  scans,
  rows,
  created,
  altered,
  dropped,
  dependents,
}: Observation): string[] {
  const flag = (it: { readonly unseen?: true; readonly held?: true }): string =>
    `${it.held ? ' (held)' : ''}${it.unseen ? ' (unseen)' : ''}`;
  return [
    ...locks
      .toSorted((a, b) => strengthOf(b.mode) - strengthOf(a.mode) || (a.object < b.object ? -1 : 1))
      .map((it) => `lock ${it.mode} ${it.kind} ${it.object}${flag(it)}`),
    ...rewrites.map((it) => `rewrite ${it.kind} ${it.object}${flag(it)}`).toSorted(),
    ...scans.map((it) => `${it.scans > 0 ? 'scan' : 'read'} ${it.table} ${it.rows}${flag(it)}`).toSorted(),
    ...rows.map((it) => `rows ${it.table} +${it.inserted} ~${it.updated} -${it.deleted}${flag(it)}`).toSorted(),
    ...created.map(({ kind, identity }) => `created ${kind} ${identity}`),
    ...altered.map(({ kind, identity }) => `altered ${kind} ${identity}`),
    ...dropped.map(({ kind, identity }) => `dropped ${kind} ${identity}`),
    ...dependents.map(({ kind, identity, effect }) => `${effect} ${kind} ${identity}`).toSorted(),
  ];
}
