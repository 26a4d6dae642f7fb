/** Requests about the projects of the workspace: list, rehearse again, preview, write a new migration. */
import { basename } from 'node:path';
import { Fault } from '../engine/base/fault';
import { contentsOf, layoutOf } from '../engine/layouts/find';
import { numbered } from '../engine/layouts/numbered';
import { severityOf } from '../engine/layouts/migration';
import { written } from '../engine/projects/creating';
import { isOwnError, type Project, type Status, type TargetInfo } from '../engine/project';
import {
  type FolderTrouble,
  ListProjectsRequest,
  type MigrationItem,
  NewMigrationRequest,
  PreviewRequest,
  type ProjectItem,
  RehearseRequest,
  type RehearseResult,
  type TargetItem,
} from '../protocol/messages';
import type { Checks } from './checks';
import type { CheckState } from './checkStates';
import type { Feature } from './feature';
import { faultData, reply, replyPlain } from './reply';
import { pathOf, uriOf } from './uri';
import { summaryOf } from './verdicts';
import type { Workspace } from './workspace';

export const projects: Feature = {
  capabilities: {},

  attach(connection, workspace, _documents, checks) {
    let listed = false;
    workspace.onChange(() => {
      listed = false;
    });
    connection.onRequest(
      ListProjectsRequest,
      replyPlain(async () => {
        // A client that asks although nothing has changed here suspects that something has changed elsewhere.
        if (listed) await workspace.lookAnew();
        listed = true;
        const listing = await workspace.projects();
        for (const { folder } of listing) checks.watch(folder.path);
        return Promise.all(listing.map((project) => itemOf(project, workspace.status(project), checks)));
      }),
    );
    connection.onRequest(
      RehearseRequest,
      reply(async ({ uri }) => {
        await workspace.lookAnew();
        for (const project of await workspace.projects()) checks.forgetRefusals(project);
        workspace.changed('projects');
        return resultOf(await checks.recheck(uri));
      }),
    );
    connection.onRequest(
      PreviewRequest,
      reply(async ({ folder, uri }, signal) => {
        const project = await workspace.projectAt(folder);
        const path = uri === undefined ? 'pending' : (pathOf(uri) ?? uri);
        const { before, after, changes, rehearsedOn, refused, errors } = await project.preview(path, signal);
        return {
          title: path === 'pending' ? 'pending migrations' : basename(path),
          before,
          after,
          changes: changes.map(({ kind, type, name }) => ({ kind, type, name })),
          rehearsedOn,
          refused,
          errors: errors.length,
        };
      }),
    );
    connection.onRequest(
      NewMigrationRequest,
      reply(async ({ folder, title, layout }) => {
        const project = await workspace.findProjectAt(folder);
        const made = project ? project.create(title) : createFirst(workspace, folder, title, layout);
        workspace.changed('projects');
        return { uri: uriOf(made.path), offset: made.cursor };
      }),
    );
  },
};

function resultOf(states: readonly CheckState[]): RehearseResult {
  const checked = states.flatMap((it) => (it.kind === 'rehearsed' ? [it.check] : []));
  const findings = checked.flatMap((it) => it.findings);
  return {
    rehearsed: checked.length,
    failed: states.filter(({ kind }) => kind === 'failed').length,
    errors: findings.filter(isOwnError).length,
    warnings: findings.filter(({ severity }) => severity === 'warning').length,
  };
}

const troubleOf = (problem: Project['folder']['problems'][number]): FolderTrouble => ({
  message: `${basename(problem.path)}: ${problem.message}`,
  uri: uriOf(problem.path),
  ...(severityOf(problem) === 'warning' && { severity: 'warning' }),
});

/** A target that does not answer leaves the files, all of unknown state. */
async function itemOf(project: Project, asked: Promise<Status>, checks: Checks): Promise<ProjectItem> {
  const { folder, target } = project;
  const item = {
    folder: uriOf(folder.path),
    label: basename(folder.path),
    layout: folder.layout.label,
    because: folder.because,
    ...(folder.layout.onlyUp && { onlyUp: true as const }),
    ...(folder.problems.length === 0 ? {} : { problems: folder.problems.map(troubleOf) }),
  };
  try {
    const status = await asked;
    const fault = checks.faultOf(folder.path);
    return {
      ...item,
      target: targetItem(target, status.server),
      migrations: status.migrations.map((it) =>
        withVerdict(migrationItem(it, folder, status.revertible[0]), it, checks),
      ),
      ...(fault === undefined ? {} : { fault }),
      ...(status.blocked === undefined ? {} : { blocked: status.blocked }),
    };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const migrations = folder.migrations.map((migration) =>
      migrationItem({ version: migration.version, title: migration.title, state: 'pending', migration }, folder),
    );
    return {
      ...item,
      target: targetItem(target, ''),
      migrations,
      fault: { ...faultData(error), message: error.message },
    };
  }
}

/** @param server its version for people; empty while unknown */
export function targetItem({ label, name, local, engine, because }: TargetInfo, server: string): TargetItem {
  return { label, name, local, engine, because, server };
}

function migrationItem(
  { version, title, state, reason, migration, kept }: Status['migrations'][number],
  { asked }: Project['folder'],
  last?: string,
): MigrationItem {
  const { upPath, downPath } = migration ?? {};
  return {
    version,
    title,
    state,
    hasDown: kept?.hasDown ?? isRevertible(downPath, asked),
    ...(kept ? { kept: true as const } : {}),
    ...(version === last ? { last: true as const } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(upPath === undefined ? {} : { uri: uriOf(upPath) }),
    ...(downPath === undefined ? {} : { downUri: uriOf(downPath) }),
    ...(upPath !== undefined && asked?.has(upPath) ? { isProgram: true as const } : {}),
  };
}

function withVerdict(item: MigrationItem, { migration }: Status['migrations'][number], checks: Checks): MigrationItem {
  const verified = migration?.upPath === undefined ? undefined : checks.verdicts.of(migration.upPath);
  return verified ? { ...item, verdict: summaryOf(verified) } : item;
}

/** A program has both ways in one file, and perhaps no way back. */
const isRevertible = (path: string | undefined, asked: Project['folder']['asked']): boolean =>
  path !== undefined && !asked?.get(path)?.problems.some(({ code }) => code === 'irreversible');

/**
 * Writes the first migration of a folder, which makes a project of it.
 *
 * @throws {Fault} `bad-usage` when there is no such layout, `not-writable`, `disk-full`
 */
function createFirst(
  { disk, world }: Workspace,
  folderUri: string,
  title: string,
  layout: string | undefined,
): { readonly path: string; readonly cursor: number } {
  const folder = pathOf(folderUri) ?? folderUri;
  // A plan or a sum may lie there, of a project that is for another server.
  const skeleton = (layout === undefined ? numbered : layoutOf(layout)).skeleton(
    title,
    [],
    world.now(),
    contentsOf(folder, disk),
  );
  return written(skeleton, folder, disk);
}
