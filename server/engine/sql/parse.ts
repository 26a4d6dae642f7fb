/** What does a statement set out to do? Asks Postgres's own grammar, through libpg_query in WebAssembly. */
import type { Node } from 'libpg-query';
import { alterationsOf } from './alterations';
import { withBackslashes } from './backslashes';
import { effectsOf } from './effects';
import { foreseenOf } from './foreseen';
import { locksOf } from './locks';
import { mentionsOfTokens, mentionsOfTree } from './mentions';
import { type Reaching, reachesOfBody, reachesOfTree, together } from './reach';
import { type Remembered, remembered } from './remembered';
import { roughEffects } from './roughEffects';
import type { Shape } from './statement';
import { tokensIn, tokensOf } from './tokens';
import { runsOutsideTransaction, transactionVerb } from './transaction';
import { tagOf } from './tree';
import { type Words, wordsOf } from './words';

/** Loads the grammar; cheap when it is there already. To be awaited before `shapeOf`. */
export async function loadParser(): Promise<void> {
  loading ??= import('libpg-query').then(async (module) => {
    await module.loadModule();
    parser = module;
  });
  await loading;
}

/**
 * What a statement sets out to do. Never fails: what the grammar refuses is `unreadable`, and its first words tell
 * what they can.
 *
 * @param text one statement; the same text gives the same object
 */
export const shapeOf: Remembered<Shape> = remembered(freshShape);

let loading: Promise<void> | undefined;
let parser: typeof import('libpg-query') | undefined;

/** Longer ones are rows to insert; their tree would take more memory than all else together. */
const longestParsed = 1_000_000;
/** Longer ones tell by their beginning what they are. */
const longestRead = 100_000;

function freshShape(text: string): Shape {
  const tokens = tokensOf(text, { start: 0, end: Math.min(text.length, longestRead) });
  const words = wordsOf(tokensIn(text));
  const trees = treesOf(text);
  const common = {
    transaction: transactionVerb(words),
    outsideTransaction: runsOutsideTransaction(words),
    losesCounts: /\bexception\s+when\b|\btruncate\b/i.test(text),
  };
  const [tree] = trees;
  if (!tree) {
    return {
      node: 'unreadable',
      ...roughEffects(tokens, words),
      locks: [],
      foreseen: 'nothing',
      alters: [],
      mentions: mentionsOfTokens(tokens),
      ...common,
      ...reachingOf(text, trees, words),
    };
  }
  return {
    node: tagOf(tree),
    ...effectsOf(trees),
    locks: locksOf(trees),
    foreseen: foreseenOf(trees),
    alters: trees.flatMap(alterationsOf),
    mentions: mentionsOfTree(tree),
    ...common,
    ...reachingOf(text, trees, words),
  };
}

/** A script may set how its strings are read, in many ways: what either way gives counts. */
function reachingOf(text: string, [tree]: readonly Node[], words: Words): Reaching {
  const read = readReaching(text, tree, words);
  const other = withBackslashes(text);
  if (other === undefined) return read;
  return together([read, readReaching(other, treesOf(other)[0], wordsOf(tokensIn(other)))]);
}

const readReaching = (text: string, tree: Node | undefined, words: Words): Reaching =>
  tree ? reachesOfTree(tree, words) : { ...reachesOfBody(text), defines: [], relays: [] };

/** The trees of a text, one when it is one statement; none when the grammar refuses it. */
export function treesOf(text: string): Node[] {
  if (!parser) throw new Error('loadParser() has not been awaited');
  if (text.length > longestParsed || text.includes('\0')) return [];
  try {
    return (parser.parseSync(text).stmts ?? []).flatMap(({ stmt }) => (stmt ? [stmt] : []));
  } catch (error) {
    // Syntax errors, and what WebAssembly says when an expression is too deep for its stack.
    if (error instanceof Error) return [];
    throw error;
  }
}
