/** The classes of mistakes. A new one is a mutator in this room and a line here. */
import type { Mutator } from '../mutation';
import { bodies } from './bodies';
import { defaults } from './defaults';
import { keys } from './keys';
import { misspeltNames } from './misspelt';
import { objects } from './objects';
import { order } from './order';
import { rows } from './rows';
import { syntax } from './syntax';
import { transactions } from './transactions';

export const mutators: readonly Mutator[] = [
  ...misspeltNames,
  ...keys,
  ...objects,
  ...syntax,
  ...defaults,
  ...rows,
  ...order,
  ...transactions,
  ...bodies,
];
