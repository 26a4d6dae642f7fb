/** What the rehearsal says of pending migrations, open or not: for the dialog that asks whether to apply them. */
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import { type FileCheck, type Finding, isErrorOfUp, isWarningOfUp, type Project } from '../engine/project';
import { type FindingsItem, PendingFindingsRequest } from '../protocol/messages';
import { placesIn } from './diagnostics';
import type { Feature } from './feature';
import { reply } from './reply';
import { uriOf } from './uri';

export const pendingFindings: Feature = {
  capabilities: {},

  attach(connection, workspace) {
    connection.onRequest(
      PendingFindingsRequest,
      reply(async ({ folder, versions }, signal) => {
        const checks = await checked(await workspace.projectAt(folder), versions, signal);
        const rangeOf = placesIn((path) => unlessUnreadable(() => workspace.files.read(path)));
        return checks.flatMap(({ version, path, findings }) => {
          const itemOf = (some: readonly Finding[]): FindingsItem | undefined =>
            some[0] && { count: some.length, message: some[0].message, range: rangeOf({ path, range: some[0].range }) };
          const errors = itemOf(findings.filter(isErrorOfUp));
          const warnings = itemOf(findings.filter(isWarningOfUp));
          return errors || warnings
            ? [{ version, uri: uriOf(path), ...(errors && { errors }), ...(warnings && { warnings }) }]
            : [];
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
