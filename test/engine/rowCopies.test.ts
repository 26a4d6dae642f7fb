/** When is a copy of rows tried once more? After trouble that may pass, and not where it would come to the same. */
import { deepEqual, equal } from 'node:assert/strict';
import { Fault, type FaultCode } from '../../server/engine/base/fault';
import { Accesses } from '../../server/engine/projects/access';
import { RowCopies } from '../../server/engine/projects/rowCopies';
import { resolveTarget } from '../../server/engine/projects/target';
import { noSetUp } from '../../server/engine/shadow/setUp';
import { servers, withDatabase } from '../support/servers';
import { defaults, never, on, withWorkspace } from './support';

/** How often a copy is tried in two looks at the same rows, when each ends like this. */
const triesAfter = (code: FaultCode): Promise<number> =>
  withDatabase(servers.newest, (url) =>
    withWorkspace({}, async ({ root, world, log }) => {
      const target = resolveTarget(root, { ...defaults, target: on(url) }, world);
      let tries = 0;
      const copies = new RowCopies({
        target: target.database,
        access: new Accesses().of(target),
        log: (line) => log.push(line),
        limit: 1_000_000,
        liveBase: () => Promise.resolve({ kind: 'dump', fingerprint: 'theirs', sql: '', setUp: noSetUp }),
        newWorkshop: () => {
          tries++;
          return Promise.reject(new Fault(code, 'for the test.'));
        },
        standing: () => undefined,
      });
      for (let look = 0; look < 2; look++) {
        copies.suspect();
        equal(await copies.renew([], never), undefined);
      }
      equal(log.length, 1, 'and told once');
      return tries;
    }),
  );

describe('a copy of rows that failed', () => {
  it('is tried again after what passes', async () => {
    const passing: readonly FaultCode[] = ['busy', 'no-server', 'connection-lost'];
    deepEqual(await Promise.all(passing.map(triesAfter)), [2, 2, 2]);
  });

  it('is not tried again upon the same rows where it was refused', async () => {
    deepEqual(await Promise.all((['refused', 'no-right'] as const).map(triesAfter)), [1, 1]);
  });
});
