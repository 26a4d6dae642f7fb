/** golang-migrate marks a step that was refused dirty: we have run it, so that what takes the mark away is known. */
import { equal } from 'node:assert/strict';
import { revertMigrations } from '../../server/engine/apply/apply';
import { servers } from '../support/servers';
import { mustApply, mustRefuse, withJob } from './support';

for (const major of Object.values(servers)) {
  describe(`the dirty mark of golang-migrate on PostgreSQL ${major}`, () => {
    it('says what takes away the dirty mark of a refused first migration, and of a refused down script', () =>
      withJob(
        major,
        'golang-migrate',
        `--- 1_a.up.sql
create table a (id int);
--- 1_a.down.sql
drop table nowhere;
`,
        async (job, place) => {
          await mustApply(job, ['1']);
          const down = await revertMigrations(job, ['1']);
          if (down.kind !== 'refused') throw new Error(JSON.stringify(down));
          equal(
            down.state,
            'The down script of 1 was rolled back; 1 stands as before. golang-migrate marked the database dirty: `migrate force 1` takes that back. rehearsal repair can do that, too.',
          );
          equal(down.left, 'mark');
          await place.sql('delete from schema_migrations');
          const up = await mustRefuse(job, ['1']);
          // Taken as an option without the two dashes.
          equal(
            up.state,
            '1 was rolled back; nothing of it stands. golang-migrate marked version 1 dirty: `migrate force -- -1` takes that back. rehearsal repair can do that, too.',
          );
          equal(up.left, 'mark');
        },
      ));
  });
}
