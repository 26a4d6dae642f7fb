/** Requests that change a target or keep it from harm: apply, revert, and all about snapshots. */
import type { Connection } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import { pathsOf } from '../engine/layouts/migration';
import type { ApplyResult as EngineResult, Progress, Project, Snapshot } from '../engine/project';
import { ApplyRequest, type ApplyResult, ProgressNotification, RevertRequest } from '../protocol/messages';
import {
  DeleteSnapshotRequest,
  ListSnapshotsRequest,
  RestoreRequest,
  type SnapshotItem,
  SnapshotRequest,
} from '../protocol/snapshots';
import { inBackground } from './background';
import type { Checks } from './checks';
import { messageOf } from './diagnostics';
import type { Documents } from './documents';
import type { Feature } from './feature';
import { whichOf } from './mayChange';
import { rangesIn, withoutMark } from './positions';
import { reply } from './reply';
import { uriOf } from './uri';
import type { Workspace } from './workspace';

export const changes: Feature = {
  capabilities: {},

  attach(connection, workspace, documents, checks) {
    attachApply(connection, workspace, documents, checks);
    attachRevert(connection, workspace, documents, checks);
    attachSnapshots(connection, workspace);
    attachRestore(connection, workspace, checks);
  },
};

function attachApply(connection: Connection, workspace: Workspace, documents: Documents, checks: Checks): void {
  connection.onRequest(
    ApplyRequest,
    reply(async ({ folder, only, upTo, snapshot, progress, ...consent }, signal) => {
      const project = await workspace.projectAt(folder);
      mustBeSaved(workspace, documents, project);
      const tell = progressTo(connection, progress);
      return afterwards(workspace, checks, project, async () => {
        const result = await project.apply({ ...consent, which: whichOf(only, upTo), snapshot }, tell, signal);
        if (result.kind === 'refused') checks.keepRefusal(project, result);
        return sent(result);
      });
    }),
  );
}

function attachRevert(connection: Connection, workspace: Workspace, documents: Documents, checks: Checks): void {
  connection.onRequest(
    RevertRequest,
    reply(async ({ folder, versions, snapshot, progress, ...consent }, signal) => {
      const project = await workspace.projectAt(folder);
      mustBeSaved(workspace, documents, project);
      const tell = progressTo(connection, progress);
      return afterwards(workspace, checks, project, async () =>
        sent(await project.revert({ ...consent, versions, snapshot }, tell, signal)),
      );
    }),
  );
}

function attachSnapshots(connection: Connection, workspace: Workspace): void {
  connection.onRequest(
    ListSnapshotsRequest,
    reply(async ({ folder }, signal) =>
      (await (await workspace.projectAt(folder)).snapshots(signal)).map(snapshotItem),
    ),
  );
  connection.onRequest(
    SnapshotRequest,
    reply(async ({ folder, ...request }, signal) => {
      const project = await workspace.projectAt(folder);
      const result = await project.snapshot(request, signal);
      if (result.kind === 'busy') return result;
      workspace.changed('projects');
      return { kind: 'taken', snapshot: snapshotItem(result.snapshot), ms: result.ms };
    }),
  );
  connection.onRequest(
    DeleteSnapshotRequest,
    reply(async ({ folder, id, ...consent }, signal) => {
      const project = await workspace.projectAt(folder);
      try {
        await project.deleteSnapshot(id, consent, signal);
      } finally {
        workspace.changed('projects');
      }
    }),
  );
}

function attachRestore(connection: Connection, workspace: Workspace, checks: Checks): void {
  connection.onRequest(
    RestoreRequest,
    reply(async ({ folder, id, ...request }, signal) => {
      const project = await workspace.projectAt(folder);
      const result = await afterwards(workspace, checks, project, () => project.restore(id, request, signal));
      return result.kind === 'busy' ? result : { kind: 'restored', kept: snapshotItem(result.kept), ms: result.ms };
    }),
  );
}

/** Whatever came of it, also after a fault: the lists are told to ask again, and what is open is rehearsed anew. */
export async function afterwards<T>(
  workspace: Workspace,
  checks: Checks,
  project: Project,
  change: () => Promise<T>,
): Promise<T> {
  checks.forgetRefusals(project);
  try {
    return await change();
  } finally {
    workspace.changed('projects');
    checks.moved(project.folder.path, 'us');
    checks.recheckInBackground();
  }
}

/**
 * A script that runs on the target is the one in the file: tool and teammates have no other.
 *
 * @throws {Fault} `unsaved`
 */
export function mustBeSaved({ disk }: Workspace, documents: Documents, { folder }: Project): void {
  const paths = new Set(folder.migrations.flatMap(pathsOf));
  for (const { path, document } of documents.files()) {
    if (paths.has(path) && withoutMark(document.getText()) !== disk.read(path)) throw new Fault('unsaved', `${path}.`);
  }
}

export function progressTo(connection: Connection, progress: string): (step: Progress) => void {
  return ({ message, fraction, cancellable }) => {
    const step = { progress, message, cancellable, ...(fraction === undefined ? {} : { fraction }) };
    inBackground(connection, connection.sendNotification(ProgressNotification, step));
  };
}

export function sent(result: EngineResult): ApplyResult {
  if (result.kind !== 'refused') return result;
  const { finding, text, stands: _, ...rest } = result;
  return {
    ...rest,
    uri: uriOf(finding.path),
    range: rangesIn(text)(finding.range),
    message: messageOf(finding),
    ...(finding.sqlState === undefined ? {} : { sqlState: finding.sqlState }),
  };
}

export function snapshotItem(snapshot: Snapshot): SnapshotItem {
  const { id, taken, reason, kind, bytes, version, name, pinned, branch, branchGone } = snapshot;
  return {
    id,
    taken,
    reason,
    kind,
    bytes,
    ...(version === undefined ? {} : { version }),
    ...(name === undefined ? {} : { name }),
    ...(pinned ? { pinned } : {}),
    ...(branch === undefined ? {} : { branch }),
    ...(branchGone ? { branchGone } : {}),
  };
}
