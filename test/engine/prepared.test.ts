/** A second start with no target: it begins where the first one stood, and says the same. */
import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FileCheck, Project } from '../../server/engine/project';
import { never, projectOf, type Workspace, withWorkspace } from './support';

/** Long enough to be kept. */
const slow = 'select pg_sleep(0.4);';

const files = {
  'migrations/1_a.sql': `create table a (id int);\n${slow}\ncreate table a ();\n`,
  'migrations/1_a.down.sql': 'drop table a;\ndrop table nowhere;\n',
  'migrations/2_b.sql': 'create view v as select id from a;\n',
  'migrations/3_c.sql': 'alter table a drop column id;\n',
  'migrations/4_d.sql': 'select id from a;\n',
};

describe('a second start with no target', () => {
  it('says of all files what the first one has said, without replaying what stands before the open one', () =>
    withWorkspace(files, async (workspace) => {
      const open = workspace.path('migrations/3_c.sql');
      const first = await checkedOpen(await kept(workspace, open), open);
      const second = await checkedOpen(await projectOf(workspace.engine()), open);
      equal(second.size, Object.keys(files).length);
      deepEqual(findingsIn(second), findingsIn(first));
      deepEqual(findingsIn(second), findingsIn(await checkedOpen(await elsewhere(workspace), open)));
      const before = workspace.path('migrations/1_a.sql');
      // To the microsecond: nothing has run again.
      deepEqual(second.get(before)?.outcomes, first.get(before)?.outcomes);
      const states = readdirSync(join(workspace.world.storage, 'prepared')).filter((name) => !name.startsWith('told-'));
      equal(states.length, 1);
    }));
});

/** A project whose state is on the disk. */
function kept({ engine, world, log }: Workspace, open: string): Promise<Project> {
  return new Promise((resolve, reject) => {
    const told = (line: string): void => {
      log.push(line);
      if (line.includes('kept for the next start')) projectOf(made).then(resolve, reject);
    };
    const made = engine({}, { ...world, log: told });
    projectOf(made)
      .then((project) => checkedOpen(project, open))
      .catch(reject);
  });
}

const elsewhere = ({ engine, world }: Workspace): Promise<Project> =>
  projectOf(engine({}, { storage: `${world.storage}-elsewhere` }));

/** What is told of each file last. */
async function checkedOpen(project: Project, open: string): Promise<ReadonlyMap<string, FileCheck>> {
  const told = new Map<string, FileCheck>();
  await project.check({ open: [open] }, (file) => told.set(file.path, file), never);
  return told;
}

const findingsIn = (checks: ReadonlyMap<string, FileCheck>) =>
  [...checks].map(([path, { findings, statements }]) => ({ path, findings, statements }));
