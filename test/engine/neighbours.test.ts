/** While one project changes a target, all that have it stand back, also those that come meanwhile. */
import { deepEqual } from 'node:assert/strict';
import { type Neighbour, Neighbours } from '../../server/engine/projects/neighbours';

interface Told {
  readonly said: string[];
  neighbour(name: string): Neighbour;
}

function told(): Told {
  const said: string[] = [];
  return {
    said,
    neighbour: (name) => ({
      async standBack(work) {
        said.push(`${name} stands back`);
        try {
          return await work();
        } finally {
          said.push(`${name} goes on`);
        }
      },
    }),
  };
}

/** `first` changes the target, until it is said to end. */
function changing(neighbours: Neighbours, first: Neighbour): { readonly done: Promise<void>; end(): void } {
  let end = (): void => undefined;
  const done = neighbours.alone(first, () => new Promise<void>((resolve) => (end = resolve)));
  return { done, end: () => end() };
}

describe('neighbours', () => {
  it('stand back when they come while the target is changed', async () => {
    const { said, neighbour } = told();
    const neighbours = new Neighbours();
    const first = neighbour('first');
    await neighbours.join(first);
    const change = changing(neighbours, first);
    const joining = neighbours.join(neighbour('late'));
    said.push('the change ends');
    change.end();
    await Promise.all([change.done, joining]);
    deepEqual(said, ['first stands back', 'late stands back', 'the change ends', 'first goes on', 'late goes on']);
  });

  it('begin at once when it has ended', async () => {
    const { said, neighbour } = told();
    const neighbours = new Neighbours();
    const first = neighbour('first');
    await neighbours.join(first);
    const change = changing(neighbours, first);
    change.end();
    await change.done;
    await neighbours.join(neighbour('late'));
    deepEqual(said, ['first stands back', 'first goes on']);
  });
});
