/** A name of something that must be there, with two letters swapped. */
import { misspelling, type Mutator } from '../mutation';
import { type Names, namesIn } from '../names';

const misspelt = (name: string, kind: keyof Names): Mutator => ({
  name,
  shows: 'run',
  mutate: (site) => namesIn(site)[kind].map(misspelling),
});

export const misspeltNames: readonly Mutator[] = [
  misspelt('misspelt_table', 'tables'),
  misspelt('misspelt_column', 'columns'),
  misspelt('misspelt_type', 'types'),
  misspelt('misspelt_function', 'functions'),
  misspelt('misspelt_schema', 'schemas'),
];
