/** Objects that are there already, or are not there to be dropped. */
import type { DropStmt, Node } from 'libpg-query';
import type { TextRange } from '../../../../server/engine/base/text';
import { shapeOf } from '../../../../server/engine/sql/parse';
import { lastOf, objectParts } from '../../../../server/engine/sql/tree';
import { after, misspelt, type Mutation, type Mutator, replacement } from '../mutation';
import { type Site, spelt } from '../site';

const duplicateObject: Mutator = {
  name: 'duplicate_object',
  shows: 'run',
  mutate(site) {
    const { statement, tokens } = site;
    const { node, makes } = shapeOf(statement.text);
    const tolerant = /^\s*create\s+or\s+replace\b|\bif\s+not\s+exists\b/i.test(statement.text);
    const [made] = makes;
    if (!made || made.implicit || tolerant || !/^(?:Create|View|Index|CompositeType)/.test(node)) return [];
    const name = spelt(tokens, made.name, statement.range.start);
    if (!name) return [];
    const mutation = after(site, statement.text);
    const start = mutation.range.start + (mutation.text.length - statement.text.length);
    const at = start + name.range.start - statement.range.start;
    return [{ ...mutation, wrong: { start: at, end: at + name.text.length } }];
  },
};

const dropMissing: Mutator = {
  name: 'drop_missing',
  shows: 'run',
  mutate(site) {
    if (!('DropStmt' in site.tree)) return [];
    return (site.tree.DropStmt.objects ?? []).flatMap((object) => dropOf(object, site) ?? []);
  },
};

/** IF EXISTS goes, and the name is misspelt. */
function dropOf(object: Node, { tokens, statement, tree }: Site): Mutation | undefined {
  const { missing_ok: tolerant } = ('DropStmt' in tree && tree.DropStmt) as DropStmt;
  const name = spelt(tokens, lastOf(objectParts(object)), statement.range.start);
  const [first, last] = [/^if$/i, /^exists$/i].map((word) => tokens.find(({ text }) => word.test(text))?.range);
  if (!name) return undefined;
  const written = misspelt(name.text);
  if (!tolerant || !first || !last) return replacement(name.range, written, written);
  const range: TextRange = { start: first.start, end: name.range.end };
  const between = statement.text.slice(last.end - statement.range.start, name.range.start - statement.range.start);
  return replacement(range, between.trimStart() + written, written);
}

export const objects: readonly Mutator[] = [duplicateObject, dropMissing];
