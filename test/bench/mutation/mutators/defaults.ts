/** A default that its column cannot hold. */
import { type Mutator, replacement } from '../mutation';
import { lastOf, partsOf } from '../../../../server/engine/sql/tree';
import { columnsIn } from './keys';

/** Types whose input refuses a word. */
const strict = /^(?:int[248]|float[48]|numeric|uuid|date|timestamptz?|timestamp|jsonb?|interval|inet)$/;

const badDefault: Mutator = {
  name: 'bad_default',
  shows: 'run',
  mutate: (site) =>
    columnsIn(site).flatMap(({ typeName, constraints = [] }) => {
      if (!strict.test(lastOf(partsOf(typeName?.names))) || typeName?.arrayBounds) return [];
      return constraints.flatMap((node) => {
        if (!('Constraint' in node) || node.Constraint.contype !== 'CONSTR_DEFAULT') return [];
        const word = site.tokens.findIndex(({ range }) => range.start === site.at(node.Constraint.location));
        const [value, following] = [site.tokens[word + 1], site.tokens[word + 2]];
        const simple =
          value && (!following || /^(?:,|\)|not|null|unique|primary|references|check)$/i.test(following.text));
        return simple ? [replacement(value.range, `'mutation'`, `'mutation'`)] : [];
      });
    }),
};

export const defaults: readonly Mutator[] = [badDefault];
