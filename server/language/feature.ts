/** What a language feature is: the promise made at the start beside the answer given later. */
import type { Connection, ServerCapabilities } from 'vscode-languageserver/node';
import type { Checks } from './checks';
import type { Documents } from './documents';
import type { Workspace } from './workspace';

/** One thing the editor can ask for: what it promises at start, and how it answers. */
export interface Feature {
  readonly capabilities: ServerCapabilities;
  attach(connection: Connection, workspace: Workspace, documents: Documents, checks: Checks): void;
}
