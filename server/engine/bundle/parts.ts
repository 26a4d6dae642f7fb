/** What a bundle is made of. */
import type { Planned } from '../apply/plan';
import type { SchemaObjects } from './fingerprint';
import type { Expected } from './guards';

export interface BundleParts extends Expected {
  /** For people: `shop@db.example.com:5432, environment production`. */
  readonly target: string;
  readonly server: string;
  readonly tool: string;
  /** ISO 8601. */
  readonly made: string;
  /** Of every session, as the tool would have them: by names as SQL has them, `search_path`. */
  readonly settings: Readonly<Record<string, string>>;
  /** The tool's table, as SQL has its name. */
  readonly history: string;
  /** What takes the lock of the tool, and makes its table where there was none. */
  readonly locks: readonly string[];
  readonly makesHistory: readonly string[];
  /** Oldest first. */
  readonly migrations: readonly BundledMigration[];
  readonly objects: SchemaObjects;
  /** Of a shadow before and after the scripts; undefined where its server is of another major version. */
  readonly shadow: { readonly before: SchemaObjects; readonly after: SchemaObjects } | undefined;
}

export interface BundledMigration {
  readonly planned: Planned;
  readonly up: string;
  /** Why there is no way back, where there is none. */
  readonly down: { readonly kind: 'script'; readonly text: string } | { readonly kind: 'none'; readonly why: string };
}

export interface Fingerprints {
  readonly before: string;
  readonly after: string | undefined;
}
