/** What came of down scripts: kept with the texts that were tried, and renewed of open files when nobody types. */
import type { Connection } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import { pathsOf } from '../engine/layouts/migration';
import type { Project } from '../engine/project';
import { lossInWords, type Verdict, type Verified, verdictWords } from '../engine/verification';
import { ProjectsChanged } from '../protocol/messages';
import type { VerdictSummary } from '../protocol/verdicts';
import { inBackground } from './background';
import type { Workspace } from './workspace';

/** Who has not typed for so long is told more than a check does, in milliseconds. */
const pauseMs = 1_500;

interface Known {
  readonly verified: Verified;
  /** Of its files, when it was tried. */
  readonly text: string;
}

/** A class because it knows what was tried, and what is being tried. */
export class Verdicts {
  /** By the path of the up file. */
  private readonly known = new Map<string, Known>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private ending = new AbortController();

  /** @param redraw asks the editor to ask for the lenses again */
  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
    private readonly redraw: () => void,
  ) {}

  /**
   * What was said of a migration with the files that it has now.
   *
   * @param path of its up or its down file
   */
  of(path: string): Verified | undefined {
    const found =
      this.known.get(path) ?? [...this.known.values()].find(({ verified: { downPath } }) => downPath === path);
    return found && found.text === this.textOf(found.verified) ? found.verified : undefined;
  }

  keep(verified: Verified): void {
    this.known.set(verified.path, { verified, text: this.textOf(verified) });
    if (!this.workspace.ours) return;
    inBackground(this.connection, this.connection.sendNotification(ProjectsChanged));
    this.redraw();
  }

  /** Tries those of them whose verdict is not known, after a pause. Of other editors nobody would see it. */
  soon(project: Project, paths: readonly string[]): void {
    const { path: folder, layout } = project.folder;
    clearTimeout(this.timers.get(folder));
    if (!this.workspace.ours || layout.onlyUp) return;
    const work = () => inBackground(this.connection, this.verify(project, paths));
    this.timers.set(folder, setTimeout(work, pauseMs).unref());
  }

  /** Somebody types, or all ends. */
  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.ending.abort();
    this.ending = new AbortController();
  }

  private async verify(project: Project, paths: readonly string[]): Promise<void> {
    const { signal } = this.ending;
    const isUnknown = (path: string) => this.of(path) === undefined;
    try {
      const { migrations } = await this.workspace.status(project);
      const pending = new Set(
        migrations.flatMap(({ state, migration }) => (state === 'pending' && migration ? pathsOf(migration) : [])),
      );
      const which = paths.filter((path) => pending.has(path) && isUnknown(path));
      if (which.length === 0 || signal.aborted) return;
      const keep = (verified: Verified) => signal.aborted || this.keep(verified);
      await project.verify({ which, suggests: false, inPassing: true }, keep, signal);
    } catch (error) {
      // What keeps it from being tried keeps it from being checked, and that is told.
      if (!signal.aborted && !(error instanceof Fault)) throw error;
    }
  }

  private textOf({ path, downPath }: Verified): string {
    const paths = [...new Set([path, ...(downPath === undefined ? [] : [downPath])])];
    return paths.map((it) => unlessUnreadable(() => this.workspace.files.read(it)) ?? '').join('\0');
  }
}

export const summaryOf = ({ verdict }: Pick<Verified, 'verdict'>): VerdictSummary => ({
  kind: verdict.kind,
  says: verdictWords[verdict.kind],
  details: detailsOf(verdict),
});

function detailsOf(verdict: Verdict): string[] {
  const withRows = verdict.withRows ? [`With rows it fails: ${verdict.withRows.refusal.message}`] : [];
  switch (verdict.kind) {
    case 'loses':
      return [...verdict.losses.map(lossInWords), ...withRows];
    case 'different': {
      const words = { added: 'is left behind', removed: 'is missing', changed: 'is another one' } as const;
      const differences = verdict.differences.map(({ kind, type, name }) => `${type} ${name} ${words[kind]}`);
      return [...differences, ...verdict.losses.map(lossInWords), ...withRows];
    }
    case 'fails':
      return [`${verdict.at.refusal.message} (${verdict.at.refusal.sqlState})`];
    case 'impossible':
    case 'untried':
      return [verdict.why];
    case 'exact':
    case 'missing':
      return withRows;
  }
}
