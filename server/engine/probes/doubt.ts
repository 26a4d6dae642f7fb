/**
 * What a statement that did nothing, because it was refused or left out, may do to rows once it is mended: only there
 * nothing is asked of them behind it.
 */
import { type RowEffect, rowEffectOf } from '../sql/rowEffects';
import type { Shape, Statement } from '../sql/statement';
import { tokensOf } from '../sql/tokens';
import { lastOf } from '../sql/tree';
import { wordsOf } from '../sql/words';
import type { Facts, TableKey } from './facts';

/** A statement that did nothing. */
export interface Undone {
  readonly statement: Statement;
  readonly shape: Shape;
  /** When it would have written rows and was refused. */
  readonly facts?: Facts | undefined;
}

export interface Doubt {
  readonly tables: readonly TableKey[];
  /** Tables of these names, whatever their schema. */
  readonly names: Iterable<string>;
  /** Tables that it would have made: nothing of the target is in them. */
  readonly unmade: readonly string[];
}

/**
 * @param unmade tables that earlier ones would have made
 * @returns `anything` when it cannot be told
 */
export function doubtOf(undone: Undone, unmade: ReadonlySet<string>): Doubt | 'anything' {
  const { statement, shape } = undone;
  const effect = rowEffectOf(statement.text);
  const named: Doubt = { tables: [], names: shape.mentions, unmade: [] };
  switch (effect.kind) {
    case 'none':
      return { ...named, names: [] };
    case 'makes':
    case 'fills':
      return { ...named, names: [lastOf(effect.table)], unmade: [lastOf(effect.table)] };
    case 'writes':
      return doubtOfWriting(effect, undone, unmade);
    case 'anything':
      return shape.node === 'unreadable' && onlyNames(statement.text)
        ? { ...named, unmade: shape.makes.filter(({ kind }) => kind === 'relation').map(({ name }) => name) }
        : 'anything';
    case 'alters':
    case 'indexes':
    case 'renames':
    case 'renamesColumn':
    case 'drops':
    case 'constrains':
      return named;
  }
}

/** A name that is nowhere may be meant to be any other. */
function doubtOfWriting(
  { tables, calls }: Extract<RowEffect, { kind: 'writes' }>,
  { facts }: Undone,
  unmade: ReadonlySet<string>,
): Doubt | 'anything' {
  if (tables.length + calls.length === 0) return { tables: [], names: [], unmade: [] };
  if (!facts || facts.touched === 'all' || facts.missing.functions.length > 0) return 'anything';
  const lost = facts.missing.tables;
  if (!lost.every((name) => unmade.has(name))) return 'anything';
  return { tables: facts.touched, names: lost, unmade: [] };
}

/** By the first words of what nobody can read: rows elsewhere it leaves alone, unless the next statement is in it too. */
function onlyNames(text: string): boolean {
  const tokens = tokensOf(text);
  if (!/^(?:create|comment|grant|revoke|alter (?:table|index|sequence|view|policy))\b/.test(wordsOf(tokens).flat))
    return false;
  const words = tokens.filter(({ kind }) => kind !== 'comment').map(({ text: it }) => it.toLowerCase());
  return !words.some((word, i) => writing.has(word) && words[i - 1] !== 'on');
}

const writing: ReadonlySet<string> = new Set([
  ...['insert', 'update', 'delete', 'merge', 'truncate', 'copy', 'execute', 'call', 'refresh', 'do'],
]);
