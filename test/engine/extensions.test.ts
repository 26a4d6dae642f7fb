/** Extensions that are not there: one finding on the statement that asks for them, and what follows from it as hints. */
import { deepEqual, equal } from 'node:assert/strict';
import { servers, withDatabase } from '../support/servers';
import { type Checked, checked, on, projectOf, withWorkspace } from './support';

const spatial = {
  'migrations/0001_places.sql': `create extension if not exists postgis with schema public;
create table places (id int primary key, at geometry(Point, 4326));
create index on places using gist (at);
insert into places values (1, st_makepoint(1, 2));
create table others (id int, place int references places);
select misspelt();`,
  'migrations/0002_more.sql': 'alter table places add column around geography;\nselect st_area(around) from places;',
};

/** `file:line severity code`, and what it follows from. */
const told = ({ files }: Checked, texts: Readonly<Record<string, string>>): string[] =>
  files.flatMap(({ path, findings }) => {
    const [, text = ''] = Object.entries(texts).find(([name]) => path.endsWith(name)) ?? [];
    return findings.map(({ range, severity, code, consequenceOf }) => {
      const line = text.slice(0, range.start).split('\n').length;
      return `${path.slice(-8, -4)}:${line} ${severity} ${code}${consequenceOf ? ' follows' : ''}`;
    });
  });

describe('an extension that is missing', () => {
  it('in the embedded Postgres is one error, and the rest of its migration follows from it', () =>
    withWorkspace(spatial, async ({ engine }) => {
      const all = await checked(await projectOf(engine()));
      deepEqual(told(all, spatial), [
        'aces:1 error extension-missing',
        'aces:2 hint refused follows',
        'aces:3 hint refused follows',
        'aces:4 hint refused follows',
        'aces:5 hint refused follows',
        'aces:6 error refused',
        // Another migration that cannot be applied because of it is told so once.
        'more:1 error refused follows',
        'more:2 hint refused follows',
      ]);
      const [finding] = all.findings;
      equal(finding?.message, 'The embedded Postgres has no extension postgis.');
      equal(finding?.hint, 'Choose a database on a server that has it.');
    }));

  const asked = {
    'migrations/0001_seen.sql': `create extension pgstattuple;
create view bloat as select * from pgstattuple('pg_class');
select * from bloat;`,
    'migrations/0002_more.sql': "select * from pgstattuple('pg_class');",
  };

  it('where it is rehearsed only is a warning, and says nothing about applying it', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(asked, async ({ engine }) => {
        const all = await checked(await projectOf(engine({ target: on(url), shadow: 'embedded' })));
        deepEqual(told(all, asked), [
          'seen:1 warning extension-missing',
          'seen:2 hint refused follows',
          'seen:3 hint refused follows',
          'more:1 hint refused follows',
        ]);
        equal(
          all.findings[0]?.message,
          'Not rehearsed: the extension pgstattuple is missing here. The server of the target has it.',
        );
      }),
    ));

  const near = { 'migrations/0001_near.sql': 'create extension vector;\ncreate table items (at vector(3));' };

  it('where it will be applied only is an error', () =>
    withDatabase(servers.newest, (url) =>
      withWorkspace(near, async ({ engine }) => {
        const embedded = await checked(await projectOf(engine()));
        deepEqual(told(embedded, near), []);
        const all = await checked(await projectOf(engine({ target: on(url), shadow: 'embedded' })));
        deepEqual(told(all, near), ['near:1 error extension-missing']);
        equal(all.findings[0]?.message, 'The server has no extension vector.');
      }),
    ));
});
