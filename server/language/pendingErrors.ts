/** What keeps pending migrations from being applied, open or not: for the dialog that asks whether to apply them. */
import { type FileCheck, isErrorOfUp, type Project } from '../engine/project';
import { PendingErrorsRequest } from '../protocol/messages';
import type { Feature } from './feature';
import { reply } from './reply';
import { uriOf } from './uri';

export const pendingErrors: Feature = {
  capabilities: {},

  attach(connection, workspace) {
    connection.onRequest(
      PendingErrorsRequest,
      reply(async ({ folder, versions }, signal) => {
        const project = await workspace.projectAt(folder);
        const files = await checked(project, versions, signal);
        return files.flatMap(({ version, path, findings }) => {
          const errors = findings.filter(isErrorOfUp).length;
          return errors === 0 ? [] : [{ version, uri: uriOf(path), errors }];
        });
      }),
    );
  },
};

async function checked(project: Project, versions: readonly string[], signal: AbortSignal): Promise<FileCheck[]> {
  const standing = project.folder.migrations.flatMap(({ version, upPath }) =>
    upPath !== undefined && versions.includes(version) ? [upPath] : [],
  );
  // By path: when a shadow is lost on the way, the next one tells again what was told already.
  const files = new Map<string, FileCheck>();
  if (standing.length > 0) await project.check({ standing }, (file) => files.set(file.path, file), signal);
  return [...files.values()];
}
