/** Findings of pending migrations that are not open: what is typed in one file may break the next. */
import type { Connection } from 'vscode-languageserver/node';
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import type { FileCheck } from '../engine/project';
import type { Files } from '../engine/world';
import { inBackground } from './background';
import { diagnosticsOf } from './diagnostics';
import type { Documents } from './documents';
import { uriOf } from './uri';

/** A class because it knows what the editor has been told. */
export class OtherFiles {
  /** By folder and path: what was published last, as text. */
  private readonly published = new Map<string, Map<string, string>>();
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

  publish(folder: string, { path, findings }: FileCheck): void {
    this.told.get(folder)?.add(path);
    if (this.documents.at(path)) {
      // The editor is told of it as an open document, and of nothing when that is closed.
      this.published.get(folder)?.delete(path);
      return;
    }
    const textOf = (other: string) => unlessUnreadable(() => this.files.read(other));
    this.send(folder, path, diagnosticsOf(textOf(path) ?? '', findings, textOf));
  }

  /** The check has ended: what it did not tell of is pending no more. */
  end(folder: string): void {
    const told = this.told.get(folder);
    for (const path of [...(this.published.get(folder)?.keys() ?? [])])
      if (!told?.has(path)) this.send(folder, path, []);
  }

  /** None of its migrations is open any more. */
  clear(folder: string): void {
    this.begin(folder);
    this.end(folder);
  }

  private send(folder: string, path: string, diagnostics: ReturnType<typeof diagnosticsOf>): void {
    const known = this.published.get(folder) ?? new Map<string, string>();
    this.published.set(folder, known);
    const text = JSON.stringify(diagnostics);
    if ((known.get(path) ?? '[]') === text) return;
    if (diagnostics.length > 0) known.set(path, text);
    else known.delete(path);
    if (this.documents.at(path)) return;
    inBackground(this.connection, this.connection.sendDiagnostics({ uri: uriOf(path), diagnostics }));
  }
}
