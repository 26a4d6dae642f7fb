/** What the readers of statements need of the whole body. */
import type { Block, BoundCursor, Code } from './code';
import type { Reader } from './reader';

export interface Known {
  /** Declared so far, by folded name; scopes do not matter for the few places that ask. */
  readonly cursors: Map<string, BoundCursor>;
  /** Reads a block from DECLARE or BEGIN on. */
  block(reader: Reader, label: string | undefined): Block;
  /** Reads statements up to one of these words. */
  statements(reader: Reader, ...stops: readonly string[]): Code[];
}
