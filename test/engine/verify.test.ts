/** Down scripts of real tools, tried on real servers: what is said of each, and what is offered instead. */
import { deepEqual, equal, match } from 'node:assert/strict';
import type { Project } from '../../server/engine/project';
import {
  lossInWords,
  type RoundTripVerdict,
  type Verified,
  type VerifyRequest,
} from '../../server/engine/verification';
import { binariesOf, type Major, servers, withDatabase } from '../support/servers';
import { demand } from '../shadow/support';
import { withSession } from '../support/session';
import { never, on, projectOf, withWorkspace } from './support';

const verified = async (project: Project, request: Partial<VerifyRequest> = {}): Promise<Verified[]> => {
  const told: Verified[] = [];
  await project.verify({ which: 'pending', suggests: true, ...request }, (it) => told.push(it), never);
  return told;
};

/** `1 loses app.people.name: 3 values gone`. */
const briefly = ({ version, verdict }: Verified): string => {
  const losses =
    verdict.kind === 'loses' || verdict.kind === 'different' ? verdict.losses.map((it) => ` ${lossInWords(it)}`) : [];
  const differences =
    verdict.kind === 'different' ? verdict.differences.map(({ kind, type, name }) => ` ${kind} ${type} ${name}`) : [];
  const more = verdict.kind === 'fails' ? ` ${verdict.at.statement}: ${verdict.at.refusal.message}` : '';
  return `${version} ${verdict.kind}${losses.join(',')}${differences.join(',')}${more}`;
};

/** The file that is offered, or what keeps it from being one. */
const offered = ({ suggestion }: Verified): string =>
  suggestion === undefined
    ? '-'
    : (suggestion.file?.text ?? `${suggestion.verdict.kind}: ${suggestion.statements.join('; ')}`);

const files = (ups: Readonly<Record<string, readonly [string, string?]>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ups).flatMap(([name, [up, down]]) => [
      [`migrations/${name}.up.sql`, up],
      ...(down === undefined ? [] : [[`migrations/${name}.down.sql`, down]]),
    ]),
  );

function withProject(
  major: Major,
  texts: Readonly<Record<string, string>>,
  use: (project: Project) => Promise<void>,
  before: readonly string[] = [],
): Promise<void> {
  return withDatabase(major, async (url) => {
    await withSession(url, (session) => demand(session, ...before));
    await withWorkspace(texts, async ({ engine }) =>
      use(await projectOf(engine({ binaries: [binariesOf(major)], target: on(url), shadowDataLimit: 100 }))),
    );
  });
}

for (const major of [servers.oldest, servers.newest]) {
  describe(`down scripts on PostgreSQL ${major}`, () => {
    it('has a verdict for each kind', () =>
      withProject(
        major,
        files({
          '1_people': ['create table people (id int primary key, name text, mail text);', 'drop table people;'],
          '2_mail': ['alter table people drop column mail;', 'alter table people add column mail text;'],
          '3_index': ['create index people_name on people (name);', 'select 1;'],
          '4_state': [
            `create type state as enum ('a', 'b'); alter table people add column state state;`,
            'drop type state;',
          ],
          '5_view': ['create view names as select name from people;'],
          '6_rows': [`update people set name = upper(name);`, 'select 1;'],
          '7_nothing': ['select 1;'],
          '8_refused': ['create table people ();', 'drop table people;'],
        }),
        async (project) => {
          const told = await verified(project);
          deepEqual(told.map(briefly), [
            '1 exact',
            '2 loses public.people.mail: 3 values gone',
            '3 different added INDEX public.people_name',
            '4 fails drop type state: cannot drop type state because other objects depend on it',
            '5 missing',
            '6 loses public.people.name: other values than before',
            '7 exact',
            '8 untried',
          ]);
          deepEqual(told.map(offered), [
            '-',
            '-',
            'DROP INDEX public.people_name;\n',
            'ALTER TABLE public.people DROP COLUMN state;\nDROP TYPE public.state;\n',
            'DROP VIEW public.names;\n',
            '-',
            '-',
            '-',
          ]);
          match(told[4]?.suggestion?.file?.path ?? '', /5_view\.down\.sql$/);
          deepEqual(told[3]?.suggestion?.drops, ['public.people.state']);
        },
      ));

    it('counts the rows of the target that would not come back', () =>
      withProject(
        major,
        files({
          '1_notes': ['alter table notes drop column body;', 'alter table notes add column body text;'],
          '2_gone': ['drop table tags;', 'create table tags (name text);'],
        }),
        async (project) => {
          await project.copyRows();
          deepEqual((await verified(project)).map(briefly), [
            '1 loses public.notes.body: 5 values gone',
            '2 loses public.tags: 2 rows gone',
          ]);
        },
        [
          'create table notes (id int, body text)',
          `insert into notes select n, 'x' || n from generate_series(1, 5) n`,
          'create table tags (name text)',
          `insert into tags values ('a'), ('b')`,
        ],
      ));

    it('tells of a sequence that begins again, and has one of a column go on behind its rows', () =>
      withProject(
        major,
        files({
          '1_identity': ['alter table a alter id drop identity;'],
          '2_blind': [
            'alter table b alter id drop identity;',
            'alter table b alter id add generated always as identity;',
          ],
          '3_free': ['drop sequence inv;', 'create sequence inv start 1000;'],
          '4_serial': ['alter table c alter id drop default; drop sequence c_id_seq;'],
          '5_rows': [
            `insert into d (note) values ('new'); select nextval('stock');`,
            `delete from d where note = 'new';`,
          ],
          '6_gone': ['drop sequence stock;'],
        }),
        async (project) => {
          const told = await verified(project);
          deepEqual(told.map(briefly), [
            '1 missing',
            '2 loses public.b_id_seq: begins again at 1, was at 3',
            '3 loses public.inv: begins again at 1000, was at 1002',
            '4 missing',
            '5 exact',
            '6 missing',
          ]);
          const [identity, , , serial, , free] = told.map(({ suggestion }) => suggestion);
          deepEqual([identity?.verdict, serial?.verdict], [{ kind: 'exact' }, { kind: 'exact' }]);
          deepEqual(free?.verdict, {
            kind: 'loses',
            losses: [{ sequence: 'public.stock', before: '-1', after: '-1' }],
          });
          equal(
            identity?.file?.text,
            `ALTER TABLE public.a ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('public.a', 'id'), pg_catalog.max(id)) FROM public.a HAVING pg_catalog.max(id) >= 1;
`,
          );
        },
        [
          'create table a (id bigint generated by default as identity primary key, note text)',
          'create table b (id int generated always as identity, note text)',
          'create table c (id serial, note text)',
          'create table d (id serial, note text)',
          'create sequence inv start 1000',
          'create sequence stock increment -1',
        ],
      ));
  });
}

describe('a down script that is offered', () => {
  const { newest } = servers;

  it('is written as dbmate has it, in the file of both', () =>
    withProject(
      newest,
      { 'db/migrations/1_a.sql': '-- migrate:up\ncreate table a (id int);\n\n-- migrate:down\ndrop table b;\n' },
      async (project) => {
        const [told] = await verified(project);
        equal(
          told && offered(told),
          '-- migrate:up\ncreate table a (id int);\n\n-- migrate:down\nDROP TABLE public.a;\n',
        );
      },
    ));

  it('is written as goose has it, functions as one', () =>
    withProject(
      newest,
      {
        'migrations/1_a.sql':
          '-- +goose Up\n-- +goose StatementBegin\ncreate function f() returns int language plpgsql as $$\nbegin\n  return 1;\nend $$;\n-- +goose StatementEnd\n',
        'migrations/2_b.sql': '-- +goose Up\ndrop function f();\n',
      },
      async (project) => {
        const told = await verified(project);
        equal(told[0] && offered(told[0])?.split('-- +goose Down\n')[1], 'DROP FUNCTION public.f();\n');
        match(
          (told[1] && offered(told[1])) ?? '',
          /-- \+goose Down\n.*-- \+goose StatementBegin\nCREATE OR REPLACE FUNCTION/s,
        );
      },
    ));

  it('is written as Liquibase has it, functions uncut, where a file is one changeset', () =>
    withProject(
      newest,
      {
        'migrations/1_a.sql':
          '--liquibase formatted sql\n--changeset ada:1 splitStatements:false\ncreate function f() returns int language plpgsql as $$\nbegin\n  return 1;\nend $$;\n--rollback select 1;\n',
        'migrations/2_b.sql': '--liquibase formatted sql\n--changeset ada:1\ndrop function f();\n',
        'migrations/3_c.sql':
          '--liquibase formatted sql\n--changeset ada:1\ncreate table c ();\n--changeset ada:2\ncreate table d ();\n',
      },
      async (project) => {
        const [first, second, third] = await verified(project);
        match(first?.suggestion?.file?.text ?? '', /end \$\$;\n\n--rollback DROP FUNCTION public\.f\(\);\n$/);
        match(
          second?.suggestion?.file?.text ?? '',
          /ada:1 rollbackSplitStatements:false\n[^]*--rollback   return 1;\n/,
        );
        equal(second?.suggestion?.verdict.kind, 'exact');
        match(third?.suggestion?.noFile ?? '', /Each of its changesets has a rollback of its own/);
      },
    ));

  it('keeps the rows of what was only renamed', () =>
    withProject(
      newest,
      files({ '1_a': ['create table a (id int, b int);', 'drop table a;'], '2_c': ['alter table a rename to c;'] }),
      async (project) => {
        const told = await verified(project);
        equal(told[1] && offered(told[1]), 'ALTER TABLE public.c RENAME TO a;\n');
        equal(told[1]?.suggestion?.verdict.kind, 'exact');
      },
    ));
});

describe('verify and trial', () => {
  const texts = {
    '1_exact': ['alter table a add column x int', 'alter table a drop column x'],
    '2_order': ['alter table b drop column first', 'alter table b add column first text'],
    '3_loses': ['alter table c drop column note', 'alter table c add column note text'],
    '4_more': [`insert into d values (2, 'b')`, 'select'],
    '5_other': ['create index on a (id)', 'select'],
    '6_fails': [`create type s as enum ('a'); alter table a add column s s`, 'drop type s'],
    '7_missing': ['create view v as select'],
    '8_sequence': ['drop sequence inv', 'create sequence inv start 1000'],
  };
  const migrations = Object.entries(texts).map(([name, [up = '', down]]) => [
    `db/migrations/${name}.sql`,
    `-- migrate:up\n${up};\n-- migrate:down\n${down === undefined ? '' : `${down};\n`}`,
  ]);

  it('come to the same of the same down scripts', () =>
    withProject(
      servers.newest,
      Object.fromEntries(migrations),
      async (project) => {
        await project.copyRows();
        const told = await verified(project, { suggests: false });
        deepEqual(told.map(briefly), [
          '1 exact',
          '2 exact',
          '3 loses public.c.note: 2 values gone',
          '4 loses public.d: 1 row more than before',
          '5 different added INDEX public.a_id_idx',
          '6 fails drop type s: cannot drop type s because other objects depend on it',
          '7 missing',
          '8 loses public.inv: begins again at 1000, was at 1004',
        ]);
        for (const { version, verdict } of told) deepEqual(await triedOut(project, version), comparable(verdict));
      },
      [
        'create table a (id int)',
        'create table b (first text, id int)',
        'insert into b values (null, 1)',
        'create table c (id int, note text)',
        `insert into c values (1, 'a'), (2, 'b'), (3, null)`,
        'create table d (id int, note text)',
        `insert into d values (1, 'a')`,
        `create sequence inv start 1000; select nextval('inv') from generate_series(0, 4)`,
      ],
    ));

  async function triedOut(project: Project, version: string): Promise<Comparable> {
    const request = { which: { only: version }, from: 'auto', afterwards: 'drop', disconnect: false } as const;
    const result = await project.trial(request, () => {}, never);
    if (result.kind === 'refused' && result.pass === 'down')
      return { kind: 'fails', at: { message: result.finding.message } };
    if (result.kind !== 'tried') throw new Error(JSON.stringify(result));
    const { roundTrip } = result.report;
    return roundTrip.kind === 'tried' ? roundTrip.verdict : { kind: 'missing' };
  }
});

type Comparable = RoundTripVerdict | { readonly kind: 'fails'; readonly at: object } | { readonly kind: 'missing' };

function comparable(verdict: Verified['verdict']): Comparable {
  if (verdict.kind === 'fails') return { kind: 'fails', at: { message: verdict.at.refusal.message } };
  if (verdict.kind === 'untried' || verdict.kind === 'impossible') throw new Error(verdict.why);
  return verdict;
}
