/** What is known before to keep migrations from being applied or reverted: asked before the dialog that asks for consent. */
import { Fault, orFault } from '../engine/base/fault';
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
        const fault = await orFault(project.mayApply(whichOf(only, upTo), signal));
        if (!(fault instanceof Fault)) return { kind: 'nothingKnown' };
        if (fault.code !== 'out-of-order') throw fault;
        const upToHere =
          only !== undefined && !((await orFault(project.mayApply({ upTo: only }, signal))) instanceof Fault);
        return { kind: 'outOfOrder', message: fault.message, upToHere };
      }),
    );
    connection.onRequest(
      MayRevertRequest,
      reply(async ({ folder, versions }, signal) => (await workspace.projectAt(folder)).mayRevert(versions, signal)),
    );
  },
};
