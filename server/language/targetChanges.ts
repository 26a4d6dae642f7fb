/** What goes with each request that changes a target: before it, while it runs, and whatever came of it. */
import type { Connection } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import { withoutMark } from '../engine/base/text';
import { pathsOf } from '../engine/layouts/migration';
import type { ApplyRequest, ApplyResult as EngineResult, Progress, Project } from '../engine/project';
import { type ApplyResult, ProgressNotification } from '../protocol/messages';
import { inBackground } from './background';
import type { Checks } from './checks';
import { messageOf } from './diagnostics';
import type { Documents } from './documents';
import { rangesIn } from './positions';
import { uriOf } from './uri';
import type { Workspace } from './workspace';

export function whichOf(only: string | undefined, upTo: string | undefined): ApplyRequest['which'] {
  if (only !== undefined) return { only };
  return upTo === undefined ? 'all' : { upTo };
}

/**
 * A script that runs on the target is the one in the file: tool and teammates have no other.
 *
 * @throws {Fault} `unsaved`
 */
export function mustBeSaved({ disk }: Workspace, documents: Documents, { folder }: Project): void {
  const paths = new Set(folder.migrations.flatMap(pathsOf));
  for (const { path, document } of documents.files()) {
    if (paths.has(path) && withoutMark(document.getText()) !== disk.read(path)) throw new Fault('unsaved', `${path}.`);
  }
}

export function progressTo(connection: Connection, progress: string): (step: Progress) => void {
  return ({ message, fraction, cancellable }) => {
    const step = { progress, message, cancellable, ...(fraction === undefined ? {} : { fraction }) };
    inBackground(connection, connection.sendNotification(ProgressNotification, step));
  };
}

/** Whatever came of it, also after a fault: the lists are told to ask again, and what is open is rehearsed anew. */
export async function afterwards<T>(
  workspace: Workspace,
  checks: Checks,
  project: Project,
  change: () => Promise<T>,
): Promise<T> {
  checks.forgetRefusals(project);
  try {
    return await change();
  } finally {
    workspace.changed('projects');
    checks.moved(project.folder.path, 'us');
    checks.recheckInBackground();
  }
}

export function resultItem(result: EngineResult): ApplyResult {
  if (result.kind !== 'refused') return result;
  const { finding, text, stands: _, ...rest } = result;
  return {
    ...rest,
    uri: uriOf(finding.path),
    range: rangesIn(text)(finding.range),
    message: messageOf(finding),
    ...(finding.sqlState === undefined ? {} : { sqlState: finding.sqlState }),
  };
}
