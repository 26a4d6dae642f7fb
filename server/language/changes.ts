/** Requests that change a target by its migrations: apply and revert. */
import type { Connection } from 'vscode-languageserver/node';
import { ApplyRequest, RevertRequest } from '../protocol/messages';
import type { Checks } from './checks';
import type { Documents } from './documents';
import type { Feature } from './feature';
import { reply } from './reply';
import { afterwards, mustBeSaved, progressTo, resultItem, whichOf } from './targetChanges';
import type { Workspace } from './workspace';

export const changes: Feature = {
  capabilities: {},

  attach(connection, workspace, documents, checks) {
    attachApply(connection, workspace, documents, checks);
    attachRevert(connection, workspace, documents, checks);
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
        return resultItem(result);
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
        resultItem(await project.revert({ ...consent, versions, snapshot }, tell, signal)),
      );
    }),
  );
}
