/** Requests about environments: what is there, what would happen there, apply there, and bundles for others. */
import type { Connection } from 'vscode-languageserver/node';
import { join } from 'node:path';
import type { Project, Status } from '../engine/project';
import { comparableText } from '../engine/projects/promotion';
import {
  ApplyThereRequest,
  BundleRequest,
  CompareSchemasRequest,
  EnvironmentStateRequest,
  type EnvironmentItem,
  type EnvironmentState,
  ListEnvironmentsRequest,
  RehearseThereRequest,
} from '../protocol/environments';
import type { Checks } from './checks';
import type { Documents } from './documents';
import type { Feature } from './feature';
import { checked, findingItems } from './pendingFindings';
import { targetItem } from './projects';
import { reply } from './reply';
import { mustBeSaved, progressTo, resultItem } from './targetChanges';
import { pathOf, uriOf } from './uri';
import type { Workspace } from './workspace';

export const environments: Feature = {
  capabilities: {},

  attach(connection, workspace, documents, checks) {
    attachReading(connection, workspace);
    attachApply(connection, workspace, documents, checks);
    attachBundle(connection, workspace, documents);
  },
};

function attachReading(connection: Connection, workspace: Workspace): void {
  connection.onRequest(
    ListEnvironmentsRequest,
    reply(async ({ folder }) => {
      const project = await workspace.knownProjectAt(folder);
      const items: EnvironmentItem[] = [];
      for (const it of project.environments()) {
        const there = await workspace.projectThere({ folder, environment: it.name });
        items.push({ ...it, target: targetItem(there.target, ''), login: there.target.id });
      }
      return items;
    }),
  );
  connection.onRequest(
    EnvironmentStateRequest,
    reply(async (place, signal) => {
      const project = await workspace.projectThere(place);
      return stateItem(project, await project.status(signal));
    }),
  );
  connection.onRequest(
    CompareSchemasRequest,
    reply(async ({ beside, ...place }, signal) => {
      const there = await workspace.projectThere(place);
      const other = await (beside ? workspace.projectThere(beside) : workspace.projectAt(place.folder));
      // Others may have changed them since they were looked at.
      for (const it of [there, other]) it.refresh();
      return { there: await comparableText(there, signal), beside: await comparableText(other, signal) };
    }),
  );
  connection.onRequest(
    RehearseThereRequest,
    reply(async (place, signal) => {
      const project = await workspace.projectThere(place);
      project.refresh();
      const pending = (await project.status(signal)).migrations.filter(({ state }) => state === 'pending');
      const { files, rehearsedOn } = await checked(project, 'pending', signal);
      return {
        rehearsedOn,
        pending: pending.map(({ version, title }) => ({ version, title })),
        found: findingItems(workspace, files),
      };
    }),
  );
}

function stateItem({ target }: Project, { server, migrations, blocked }: Status): EnvironmentState {
  return {
    target: targetItem(target, server),
    migrations: migrations.map(({ version, title, state, reason, migration }) => ({
      version,
      title,
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(migration?.upPath === undefined ? {} : { uri: uriOf(migration.upPath) }),
    })),
    ...(blocked === undefined ? {} : { blocked }),
  };
}

function attachApply(connection: Connection, workspace: Workspace, documents: Documents, checks: Checks): void {
  connection.onRequest(
    ApplyThereRequest,
    reply(async ({ folder, environment, password, snapshot, progress, ...consent }, signal) => {
      const project = await workspace.projectThere({
        folder,
        environment,
        ...(password !== undefined && { password }),
      });
      mustBeSaved(workspace, documents, project);
      try {
        const tell = progressTo(connection, progress);
        return resultItem(await project.apply({ ...consent, which: 'all', snapshot }, tell, signal));
      } finally {
        // It may be the target of the editor as well.
        workspace.changed('projects');
        checks.recheckInBackground();
      }
    }),
  );
}

function attachBundle(connection: Connection, workspace: Workspace, documents: Documents): void {
  connection.onRequest(
    BundleRequest,
    reply(async ({ folder, environment, password, out }, signal) => {
      const project =
        environment === undefined
          ? await workspace.projectAt(folder)
          : await workspace.projectThere({ folder, environment, ...(password !== undefined && { password }) });
      mustBeSaved(workspace, documents, project);
      project.refresh();
      const path = pathOf(out) ?? out;
      const result = await project.bundle({ out: path, which: 'all' }, signal);
      switch (result.kind) {
        case 'nothing':
          return result;
        case 'refused': {
          const { folder: own } = project;
          const versionOf = (file: string): string =>
            own.migrations.find(({ upPath }) => upPath === file)?.version ?? '';
          const files = [...new Set(result.errors.map((it) => it.path))].map((file) => ({
            path: file,
            version: versionOf(file),
            findings: result.errors.filter((it) => it.path === file),
          }));
          return { kind: 'refused', found: findingItems(workspace, files) };
        }
        case 'written':
          return {
            kind: 'written',
            readme: uriOf(join(path, 'README.txt')),
            versions: result.versions,
            withoutDown: result.withoutDown,
          };
      }
    }),
  );
}
