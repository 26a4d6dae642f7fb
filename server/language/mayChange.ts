/** What is known before to keep migrations from being applied or reverted: asked before the dialog that asks for consent. */
import { Fault } from '../engine/base/fault';
import type { ApplyRequest, Project } from '../engine/project';
import { MayApplyRequest, MayRevertRequest } from '../protocol/messages';
import type { Feature } from './feature';
import { reply } from './reply';
import { whichOf } from './targetChanges';

export const mayChange: Feature = {
  capabilities: {},

  attach(connection, workspace) {
    connection.onRequest(
      MayApplyRequest,
      reply(async ({ folder, only, upTo }, signal) => {
        const project = await workspace.projectAt(folder);
        const fault = await faultOf(project, whichOf(only, upTo), signal);
        if (!fault) return { kind: 'nothingKnown' };
        if (fault.code !== 'out-of-order') throw fault;
        const upToHere = only !== undefined && !(await faultOf(project, { upTo: only }, signal));
        return { kind: 'outOfOrder', message: fault.message, upToHere };
      }),
    );
    connection.onRequest(
      MayRevertRequest,
      reply(async ({ folder, versions }, signal) => (await workspace.projectAt(folder)).mayRevert(versions, signal)),
    );
  },
};

async function faultOf(
  project: Project,
  which: ApplyRequest['which'],
  signal: AbortSignal,
): Promise<Fault | undefined> {
  try {
    await project.mayApply(which, signal);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
