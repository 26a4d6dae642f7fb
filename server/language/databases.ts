/** Requests about the target of a project: what could be it, and what shall be it. */
import type { TargetChoice } from '../engine/project';
import { CandidatesRequest, ChooseDatabaseRequest } from '../protocol/messages';
import type { Feature } from './feature';
import { targetItem } from './projects';
import { reply } from './reply';

export const databases: Feature = {
  capabilities: {},

  attach(connection, workspace) {
    connection.onRequest(
      CandidatesRequest,
      reply(async ({ folder }) => {
        const project = await workspace.knownProjectAt(folder);
        return project.candidates().map((it) => ({ ...it, choice: withoutPassword(it.choice) }));
      }),
    );
    connection.onRequest(
      ChooseDatabaseRequest,
      reply(async ({ folder, choice }) => {
        const { folder: chosenFor } = await workspace.knownProjectAt(folder);
        const before = workspace.chosen(chosenFor.path);
        await workspace.choose(chosenFor.path, choice);
        try {
          const project = await workspace.projectAt(folder);
          const { server } = await workspace.status(project);
          return targetItem(project.target, server);
        } catch (error) {
          // A database that does not answer is not chosen; what was chosen before stays.
          await workspace.choose(chosenFor.path, before);
          throw error;
        } finally {
          workspace.changed('everything');
        }
      }),
    );
  },
};

/** A password that stands in the workspace is read from there when it is needed, and goes nowhere else. */
const withoutPassword = (choice: TargetChoice): TargetChoice =>
  choice.kind === 'server' ? { kind: 'server', connection: choice.connection } : choice;
