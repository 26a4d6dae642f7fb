/** Requests about snapshots: taken, listed, marked, compared and deleted; restored, as a whole or by tables. */
import type { Connection } from 'vscode-languageserver/node';
import type { Snapshot, SnapshotDifference } from '../engine/project';
import {
  CompareSnapshotsRequest,
  DeleteSnapshotRequest,
  ListSnapshotsRequest,
  MarkSnapshotRequest,
  RestoreRequest,
  RestoreTablesRequest,
  SnapshotForecastRequest,
  type SnapshotItem,
  SnapshotRequest,
  SnapshotTablesRequest,
  type SnapshotTexts,
  TablesSinceRequest,
} from '../protocol/snapshots';
import type { Checks } from './checks';
import type { Feature } from './feature';
import { reply } from './reply';
import { afterwards } from './targetChanges';
import type { Workspace } from './workspace';

export const snapshots: Feature = {
  capabilities: {},

  attach(connection, workspace, _documents, checks) {
    attachSnapshots(connection, workspace);
    attachRestore(connection, workspace, checks);
    attachMarks(connection, workspace);
    attachLooks(connection, workspace);
    attachRows(connection, workspace, checks);
  },
};

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

function attachMarks(connection: Connection, workspace: Workspace): void {
  connection.onRequest(
    MarkSnapshotRequest,
    reply(async ({ folder, id, name, pinned, ...consent }, signal) => {
      const project = await workspace.projectAt(folder);
      const mark = { ...(name === undefined ? {} : { name }), ...(pinned === undefined ? {} : { pinned }) };
      const marked = await project.markSnapshot(id, mark, consent, signal);
      workspace.changed('projects');
      return snapshotItem(marked);
    }),
  );
}

function attachLooks(connection: Connection, workspace: Workspace): void {
  connection.onRequest(
    SnapshotForecastRequest,
    reply(async ({ folder }, signal) => (await workspace.projectAt(folder)).snapshotForecast(undefined, signal)),
  );
  connection.onRequest(
    CompareSnapshotsRequest,
    reply(async ({ folder, id, other }, signal) =>
      textsOf(await (await workspace.projectAt(folder)).compareSnapshots(id, other, signal)),
    ),
  );
}

function attachRows(connection: Connection, workspace: Workspace, checks: Checks): void {
  connection.onRequest(
    SnapshotTablesRequest,
    reply(async ({ folder, id }, signal) => (await workspace.projectAt(folder)).snapshotTables(id, signal)),
  );
  connection.onRequest(
    TablesSinceRequest,
    reply(async ({ folder, id }, signal) => (await workspace.projectAt(folder)).tablesSince(id, signal)),
  );
  connection.onRequest(
    RestoreTablesRequest,
    reply(async ({ folder, id, tables, ...consent }, signal) => {
      const project = await workspace.projectAt(folder);
      const restoring = () => project.restoreTables(id, tables, consent, signal);
      const result = await afterwards(workspace, checks, project, restoring);
      return result.kind === 'busy' ? result : { ...result, kept: snapshotItem(result.kept) };
    }),
  );
}

/** Rows stand above, so that a change of them is seen where the schema is the same. */
export function textsOf({ before, after, rows }: SnapshotDifference): SnapshotTexts {
  const counts = (side: 'before' | 'after'): string =>
    rows.flatMap((it) => (it[side] === null ? [] : [`-- ${it.table}: ${it[side]} rows\n`])).join('');
  return { before: `${counts('before')}\n${before}`, after: `${counts('after')}\n${after}` };
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
