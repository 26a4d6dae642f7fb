/** Findings of pending migrations that are not open: what is typed in one file may break the next. */
import type { Connection, Diagnostic } from 'vscode-languageserver/node';
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import type { FileCheck, Finding } from '../engine/project';
import type { Files } from '../engine/world';
import { inBackground } from './background';
import { diagnosticsOf } from './diagnostics';
import type { Documents } from './documents';
import { withLooked } from './secondLook';
import { uriOf } from './uri';

interface Published {
  /** Of the file. */
  readonly text: string;
  readonly findings: readonly Finding[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A class because it knows what the editor has been told. */
export class OtherFiles {
  /** By folder and path: what was published last. */
  private readonly published = new Map<string, Map<string, Published>>();
  /** By folder: paths that the check that is running has told of. */
  private readonly told = new Map<string, Set<string>>();

  constructor(
    private readonly connection: Connection,
    private readonly documents: Documents,
    private readonly files: Files,
  ) {}

  /** A check of this folder begins. */
  begin(folder: string): void {
    this.told.set(folder, new Set());
  }

  publish(folder: string, check: FileCheck): void {
    const { path } = check;
    this.told.get(folder)?.add(path);
    if (this.documents.at(path)) {
      // The editor is told of it as an open document, and of nothing when that is closed.
      this.published.get(folder)?.delete(path);
      return;
    }
    const textOf = (other: string) => unlessUnreadable(() => this.files.read(other));
    const text = textOf(path) ?? '';
    const former = this.published.get(folder)?.get(path);
    const { findings } = withLooked(check, former?.text === text ? former.findings : []);
    this.send(folder, path, { text, findings, diagnostics: diagnosticsOf(text, findings, textOf) });
  }

  /** The check has ended: what it did not tell of is pending no more. */
  end(folder: string): void {
    const told = this.told.get(folder);
    for (const path of [...(this.published.get(folder)?.keys() ?? [])])
      if (!told?.has(path)) this.send(folder, path, { text: '', findings: [], diagnostics: [] });
  }

  /** None of its migrations is open any more. */
  clear(folder: string): void {
    this.begin(folder);
    this.end(folder);
  }

  private send(folder: string, path: string, now: Published): void {
    const known = this.published.get(folder) ?? new Map<string, Published>();
    this.published.set(folder, known);
    const { diagnostics } = now;
    const former = known.get(path)?.diagnostics ?? [];
    if (diagnostics.length > 0) known.set(path, now);
    else known.delete(path);
    if (JSON.stringify(former) === JSON.stringify(diagnostics)) return;
    if (this.documents.at(path)) return;
    inBackground(this.connection, this.connection.sendDiagnostics({ uri: uriOf(path), diagnostics: [...diagnostics] }));
  }
}
