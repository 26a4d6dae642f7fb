/** Objects that are there already, or are not there to be dropped. */
import { shapeOf } from '../../../../server/engine/sql/parse';
import type { Token } from '../../../../server/engine/sql/tokens';
import { lastOf, objectParts } from '../../../../server/engine/sql/tree';
import { after, misspelt, type Mutation, type Mutator, replacement } from '../mutation';
import { spelt } from '../site';

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
    const { objects = [], missing_ok: tolerant = false } = site.tree.DropStmt;
    return objects.flatMap((object) => {
      const name = spelt(site.tokens, lastOf(objectParts(object)), site.statement.range.start);
      return name ? [dropOf(name, tolerant ? site.tokens : [], site.file)] : [];
    });
  },
};

/** The name is misspelt, and IF EXISTS goes when it is among the tokens. */
function dropOf(name: Token, tokens: readonly Token[], file: string): Mutation {
  const written = misspelt(name.text);
  const [first, last] = [/^if$/i, /^exists$/i].map((word) => tokens.find(({ text }) => word.test(text))?.range);
  if (!first || !last) return replacement(name.range, written, written);
  const between = file.slice(last.end, name.range.start).trimStart();
  return replacement({ start: first.start, end: name.range.end }, between + written, written);
}

export const objects: readonly Mutator[] = [duplicateObject, dropMissing];
