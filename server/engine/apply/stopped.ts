/** What is told of a migration that was refused, cancelled, or not recorded. */
import { Fault } from '../base/fault';
import type { ApplyResult, Left } from '../project';
import type { Planned } from './plan';
import { repairsIn } from './repair';
import { type Stopped, type Work, stepOf, withdraw } from './runMigration';
import type { Lasting } from './runScript';
import { whatIsRecorded, whatStands, withEarlier } from './state';

export async function stopped(work: Work, end: Stopped, migrations: readonly string[]): Promise<ApplyResult> {
  const { planned, trail } = work;
  if (end.kind === 'cancelled' && end.lasting?.length === 0) await withdraw(work);
  const { recorded, left } = await endOf(work, end.lasting, migrations);
  const unnoted = end.kind === 'refused' && end.unnoted ? ` ${end.unnoted.detail}` : '';
  const stands = withEarlier(whatStands(planned, end.lasting), trail.together);
  const state = `${stands} ${recorded}${unnoted}`;
  switch (end.kind) {
    case 'cancelled':
      return { kind: 'cancelled', migrations, state };
    case 'unrecorded':
      throw new Fault(end.fault.code, `${end.fault.detail} ${state}`, end.fault);
    case 'refused':
      return {
        kind: 'refused',
        migrations,
        version: planned.migration.version,
        finding: findingOf(planned, end),
        text: planned.text,
        state,
        stands,
        left,
      };
  }
}

/** A script that changed search_path can keep the history from being found; that must not hide how it ended. */
async function endOf(
  { job, session, planned }: Work,
  lasting: Lasting,
  migrations: readonly string[],
): Promise<{ readonly recorded: string; readonly left: Left }> {
  const { folder, history } = job;
  const stands = lasting?.length === 0 ? 'nothing' : 'something';
  const changes = stands === 'something' || migrations.length > 0;
  try {
    const state = await history.read(session);
    if (state.blocked === undefined)
      return { recorded: whatIsRecorded(folder, state), left: changes ? 'changes' : 'nothing' };
    const way = history.unblock?.(stepOf(job, planned), stands) ?? state.blocked;
    const recorded = repairsIn(state, job).length > 0 ? `${way} rehearsal repair can do that, too.` : way;
    return { recorded, left: changes ? 'changes' : 'mark' };
  } catch (cause) {
    if (!(cause instanceof Fault) || session.lost) throw cause;
    return { recorded: `The history cannot be read just now: ${cause.detail}`, left: 'changes' };
  }
}

function findingOf(
  { path }: Planned,
  { refusal, range }: Extract<Stopped, { kind: 'refused' }>,
): Extract<ApplyResult, { kind: 'refused' }>['finding'] {
  const { sqlState, message, detail } = refusal;
  const hint = refusal.hint ?? hints[sqlState];
  return {
    path,
    range,
    severity: 'error',
    code: 'refused',
    sqlState,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** For what Postgres says without a word on what to do. */
const hints: Readonly<Record<string, string>> = {
  '55P03': 'Another session holds a lock that this statement needs. Apply again when it is done.',
};
