/** What a command is about: the row or file it was called from, the file in the editor, or what the user picks. */
import { l10n, type QuickPickItem, Uri, window } from 'vscode';
import type { MigrationItem, ProjectItem } from '../../server/protocol/messages';
import { ListSnapshotsRequest, type SnapshotItem } from '../../server/protocol/snapshots';
import type { Parts } from '../parts';
import type { Place, Projects } from '../projects';
import { isNode } from '../views/node';
import { labelOf, sizeOf, timeOf } from '../words';

/** @returns undefined when the caller named nothing, or the file is no migration */
export function migrationOf(projects: Projects, arg: unknown): Place | undefined {
  if (isNode(arg)) {
    return arg.kind === 'migration' ? { project: arg.project, migration: arg.migration } : undefined;
  }
  const uri = arg instanceof Uri ? arg.toString() : arg;
  return typeof uri === 'string' ? projects.find(uri) : undefined;
}

const migrationInEditor = (projects: Projects): Place | undefined =>
  migrationOf(projects, window.activeTextEditor?.document.uri);

/** The migration of the caller's row or file, else that of the editor; not where the row is one of something else. */
export const migrationMeant = (projects: Projects, arg: unknown): Place | undefined =>
  migrationOf(projects, arg) ?? (isNode(arg) ? undefined : migrationInEditor(projects));

/** One migration, or all that are pending where `uri` is left out. */
interface Scope {
  readonly project: ProjectItem;
  readonly uri?: string;
}

/** The migration that is meant; else, as from the row of a project, all that is pending in one. */
export async function askScope(projects: Projects, arg: unknown): Promise<Scope | undefined> {
  const place = migrationMeant(projects, arg);
  const project = place?.project ?? (await askProject(projects, arg));
  const uri = place?.migration.uri;
  return project && { project, ...(uri === undefined ? {} : { uri }) };
}

/** The migration named by the caller or in the editor when it is in that state, else the one picked. */
export async function askMigration(
  projects: Projects,
  arg: unknown,
  state: MigrationItem['state'],
): Promise<Place | undefined> {
  const named = migrationMeant(projects, arg);
  if (named?.migration.state === state) return named;
  const project = await askProject(projects, arg);
  if (!project) return undefined;
  const candidates = project.migrations.filter((it) => it.state === state);
  if (candidates.length === 0) {
    void window.showInformationMessage(l10n.t('No migration is pending on {0}.', project.target.label));
    return undefined;
  }
  const rows = candidates.map((migration) => ({ label: migration.title, description: migration.version, migration }));
  const picked = await window.showQuickPick(rows, { placeHolder: l10n.t('Choose a migration') });
  return picked && { project, migration: picked.migration };
}

/** The project of the caller's row or file; the only one; that of the editor; else the one picked. */
export async function askProject(projects: Projects, arg: unknown): Promise<ProjectItem | undefined> {
  await projects.first;
  if (isNode(arg) && arg.kind !== 'trouble') return arg.project;
  const named = migrationOf(projects, arg)?.project;
  if (named) return named;
  if (projects.current.length < 2) return projects.current[0] ?? tellNone();
  const here = migrationInEditor(projects)?.project;
  const rows = projects.current.map((project): QuickPickItem & { project: ProjectItem } => ({
    label: labelOf(project),
    description: project.target.label,
    picked: project === here,
    project,
  }));
  return (await window.showQuickPick(rows, { placeHolder: l10n.t('Choose the migrations') }))?.project;
}

/** The snapshot of the caller's row, else the one picked. */
export async function askSnapshot(
  { client }: Parts,
  { folder, target }: ProjectItem,
  arg: unknown,
  placeHolder: string,
): Promise<SnapshotItem | undefined> {
  if (isNode(arg) && arg.kind === 'snapshot') return arg.snapshot;
  const snapshots = await client.sendRequest(ListSnapshotsRequest, { folder });
  if (snapshots.length === 0) {
    void window.showInformationMessage(l10n.t('There is no snapshot of {0} yet.', target.label));
    return undefined;
  }
  const rows = snapshots.map((snapshot) => ({
    label: snapshot.name ?? snapshot.reason,
    description: `${timeOf(snapshot.taken)} · ${sizeOf(snapshot.bytes)}`,
    snapshot,
  }));
  return (await window.showQuickPick(rows, { placeHolder }))?.snapshot;
}

function tellNone(): undefined {
  void window.showInformationMessage(
    l10n.t(
      'No migrations were found in this workspace. Make one, or name their folder in the setting rehearsal.folders.',
    ),
  );
}
