/** What runs in the background gives way to what somebody has asked for. */
import { deepEqual, equal } from 'node:assert/strict';
import type { FileCheck } from '../../server/engine/project';
import { gated, gateOfStatements, withGate } from '../support/gate';
import { serverOf, servers, withDatabase } from '../support/servers';
import { never, on, projectOf, withWorkspace } from './support';

const file = 'db/migrations/1_waits.sql';
const files = { [file]: `-- migrate:up\n${gated};\n-- migrate:down\n` };

for (const major of Object.values(servers))
  it(`a check of an editor that is blocked on PostgreSQL ${major} ends for a snapshot, and begins again after it`, () =>
    withDatabase(major, async (url) => {
      const server = await serverOf(major);
      await withWorkspace(files, async ({ engine, path }) => {
        const options = { target: on(url), shadow: 'same-server', statementMs: 600_000 } as const;
        const project = await projectOf(engine(options));
        const told: FileCheck[] = [];
        await withGate(server.url('postgres'), gateOfStatements, async (gate) => {
          const checking = project.check({ open: [path(file)] }, (it) => told.push(it), never);
          await gate.waits();
          const taken = await project.snapshot({ reason: 'by hand', disconnect: false }, never);
          if (taken.kind !== 'taken') throw new Error(JSON.stringify(taken));
          await project.deleteSnapshot(taken.snapshot.id, { disconnect: false }, never);
          await gate.waits();
          await gate.open();
          equal((await checking).place, 'same-server');
        });
        deepEqual(
          told.at(-1)?.findings.map(({ message }) => message),
          [],
        );
      });
    }));
