/** What a transaction forbids: CONCURRENTLY in it, an enum value before it is committed. */
import { before, type Mutator, replacement } from '../mutation';

const concurrently: Mutator = {
  name: 'concurrently',
  shows: 'run',
  mutate({ tree, tokens }) {
    const index = tokens.find(({ text }) => /^index$/i.test(text));
    const isIndex =
      ('IndexStmt' in tree && !tree.IndexStmt.concurrent) ||
      ('DropStmt' in tree && tree.DropStmt.removeType === 'OBJECT_INDEX' && !tree.DropStmt.concurrent);
    if (!index || !isIndex) return [];
    return [replacement(index.range, `${index.text} concurrently`)];
  },
};

const enumTooEarly: Mutator = {
  name: 'enum_too_early',
  shows: 'run',
  mutate: (site) =>
    site.known.enums.map((type) =>
      before(
        site,
        `alter type ${type} add value if not exists 'mutation_value';\nselect 'mutation_value'::${type}`,
        `'mutation_value'`,
      ),
    ),
};

export const transactions: readonly Mutator[] = [concurrently, enumTooEarly];
