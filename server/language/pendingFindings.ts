/** What the rehearsal says of pending migrations, open or not: for the dialog that asks whether to apply them. */
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import { type FileCheck, type Finding, isErrorOfUp, isWarningOfUp, type Project, type Wanted } from '../engine/project';
import { type FindingsItem, type PendingFindings, PendingFindingsRequest } from '../protocol/messages';
import { placesIn } from './diagnostics';
import type { Feature } from './feature';
import { reply } from './reply';
import { uriOf } from './uri';
import type { Workspace } from './workspace';

export const pendingFindings: Feature = {
  capabilities: {},

  attach(connection, workspace) {
    connection.onRequest(
      PendingFindingsRequest,
      reply(async ({ folder, versions }, signal) => {
        const project = await workspace.projectAt(folder);
        const standing = project.folder.migrations.flatMap(({ version, upPath }) =>
          upPath !== undefined && versions.includes(version) ? [upPath] : [],
        );
        return standing.length === 0
          ? []
          : findingItems(workspace, (await checked(project, { standing }, signal)).files);
      }),
    );
  },
};

/** Those with errors or warnings, in the order given. */
export function findingItems(
  { files }: Workspace,
  checks: readonly Pick<FileCheck, 'version' | 'path' | 'findings'>[],
): PendingFindings[] {
  const rangeOf = placesIn((path) => unlessUnreadable(() => files.read(path)));
  return checks.flatMap(({ version, path, findings }) => {
    const itemOf = (some: readonly Finding[]): FindingsItem | undefined =>
      some[0] && { count: some.length, message: some[0].message, range: rangeOf({ path, range: some[0].range }) };
    const errors = itemOf(findings.filter(isErrorOfUp));
    const warnings = itemOf(findings.filter(isWarningOfUp));
    return errors || warnings
      ? [{ version, uri: uriOf(path), ...(errors && { errors }), ...(warnings && { warnings }) }]
      : [];
  });
}

export async function checked(
  project: Project,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<{ readonly files: readonly FileCheck[]; readonly rehearsedOn: string }> {
  // By path: when a shadow is lost on the way, the next one tells again what was told already.
  const files = new Map<string, FileCheck>();
  const { rehearsedOn, upon } = await project.check(wanted, (file) => files.set(file.path, file), signal);
  return { files: [...files.values()], rehearsedOn: `${rehearsedOn}, ${upon}` };
}
