/** What a mistyped word was meant to be. */
import { equal } from 'node:assert/strict';
import { nearest } from '../../server/engine/base/nearest';

const commands = ['check', 'status', 'preview', 'apply', 'revert', 'snapshot', 'restore', 'new'];

describe('the nearest known word', () => {
  it('is found through a swap, a missing, a surplus and a wrong letter', () => {
    equal(nearest('chekc', commands), 'check');
    equal(nearest('stats', commands), 'status');
    equal(nearest('applyy', commands), 'apply');
    equal(nearest('Rewert', commands), 'revert');
  });

  it('is none when nothing is near', () => {
    equal(nearest('migrate', commands), undefined);
    equal(nearest('', commands), undefined);
  });
});
