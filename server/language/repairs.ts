/** Requests about a history that keeps its tool from going on. */
import { RepairRequest, RepairsRequest } from '../protocol/messages';
import type { Feature } from './feature';
import { reply } from './reply';

export const repairs: Feature = {
  capabilities: {},

  attach(connection, workspace) {
    connection.onRequest(
      RepairsRequest,
      reply(async ({ folder }, signal) => (await workspace.projectAt(folder)).repairs(signal)),
    );
    connection.onRequest(
      RepairRequest,
      reply(async ({ folder, statements, ...consent }, signal) => {
        const project = await workspace.projectAt(folder);
        await project.repair({ statements }, consent, signal);
      }),
    );
  },
};
