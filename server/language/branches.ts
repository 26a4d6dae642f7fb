/** A database for each branch: told when another branch is checked out, exchanged when the user says so. */
import { type Connection, MessageType, ShowMessageNotification } from 'vscode-languageserver/node';
import { headStamp } from '../engine/base/branches';
import { Fault, passingFaults } from '../engine/base/fault';
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import type { BranchDatabases, BranchResult, Project } from '../engine/project';
import {
  BranchMoved,
  BranchRequest,
  type BranchState,
  SwitchBranchRequest,
  type SwitchBranchResult,
} from '../protocol/branches';
import { inBackground, logTrouble } from './background';
import type { Checks } from './checks';
import type { Feature } from './feature';
import { reply } from './reply';
import { snapshotItem } from './snapshots';
import { afterwards } from './targetChanges';
import { uriOf } from './uri';
import type { Workspace } from './workspace';

export const branches: Feature = {
  capabilities: {},

  attach(connection, workspace, _documents, checks) {
    followBranches(connection, workspace, checks);
    connection.onRequest(
      BranchRequest,
      reply(async ({ folder }, signal) => stateOf(await (await workspace.projectAt(folder)).branches(signal))),
    );
    connection.onRequest(
      SwitchBranchRequest,
      reply(async ({ folder, ...request }, signal) => {
        const project = await workspace.projectAt(folder);
        return sent(await afterwards(workspace, checks, project, () => project.switchBranch(request, signal)));
      }),
    );
  },
};

/** Asks only when HEAD is another one, or others have changed the target: they may have exchanged it. */
function followBranches(connection: Connection, workspace: Workspace, checks: Checks): void {
  const seen = new Map<string, string>();
  workspace.onChange((change) => {
    if (change !== 'projects') seen.clear();
  });
  checks.onMoved((folder, by) => {
    if (by === 'others') seen.delete(folder);
  });
  checks.onLook((project) => {
    const { path } = project.folder;
    const stamp = workspace.databasePerBranch ? unlessUnreadable(() => headStamp(path)) : undefined;
    if (stamp === undefined || seen.get(path) === stamp) return;
    seen.set(path, stamp);
    const forget = (): void => void seen.delete(path);
    inBackground(connection, follow(connection, project, forget));
  });
}

/** @param forget what keeps it from being done again with the next look */
async function follow(connection: Connection, project: Project, forget: () => void): Promise<void> {
  const { signal } = new AbortController();
  try {
    const state = stateOf(await project.branches(signal));
    const { branch } = state;
    if (branch === undefined || state.fits === 'same') return;
    const isMarkedOnly = state.fits === 'renamed' || (state.fits === 'unknown' && !state.own);
    // A name is typed for what is elsewhere, and nobody has done so.
    if (isMarkedOnly && project.target.local) await project.switchBranch({ branch, disconnect: false }, signal);
    else await connection.sendNotification(BranchMoved, { ...state, folder: uriOf(project.folder.path), branch });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (passingFaults.has(error.code)) forget();
    // The setting is for all projects, and where there can be no such databases nobody expects them.
    else if (error.code !== 'no-branch-database') await warn(connection, error.message);
    logTrouble(connection, `the database of the branch for ${project.folder.path}`, error);
  }
}

/** The library's own showWarningMessage is a request, which waits for an answer. */
const warn = (connection: Connection, message: string): Promise<void> =>
  connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Warning, message });

function stateOf({ branch, current, fits, defaultBranch, copies, elsewhere }: BranchDatabases): BranchState {
  const own = copies.find((it) => it.branch === branch);
  return {
    fits,
    ...(branch === undefined ? {} : { branch }),
    ...(current === undefined ? {} : { current }),
    ...(fits !== 'unclear' || defaultBranch === undefined ? {} : { defaultBranch }),
    ...(own ? { own: { bytes: own.bytes, used: own.used } } : {}),
    ...(elsewhere === undefined ? {} : { elsewhere }),
  };
}

const sent = (result: BranchResult): SwitchBranchResult =>
  result.kind === 'switched' ? { ...result, kept: snapshotItem(result.kept) } : result;
