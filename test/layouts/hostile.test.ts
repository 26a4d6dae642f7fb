/** Files that mean harm, or were written by nobody: no tool's reader throws, and none takes for ever. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { findFolders } from '../../server/engine/layouts/find';
import { atlas } from '../../server/engine/layouts/atlas';
import { scanAtlas } from '../../server/engine/layouts/atlasScanner';
import { dbmate } from '../../server/engine/layouts/dbmate';
import { directiveProblems } from '../../server/engine/layouts/directives/finder';
import { drizzle } from '../../server/engine/layouts/drizzle';
import { goose } from '../../server/engine/layouts/goose';
import { compiled } from '../../server/engine/layouts/graphileMigrateCompile';
import type { Layout } from '../../server/engine/layouts/layout';
import { liquibase } from '../../server/engine/layouts/liquibase';
import { changelogFrom, hasIncludes } from '../../server/engine/layouts/liquibaseChangelog';
import { markerIn } from '../../server/engine/layouts/nodePgMigrateReader';
import { prisma } from '../../server/engine/layouts/prisma';
import { yamlEntries } from '../../server/engine/layouts/settingsFiles';
import { readSqitchPlan } from '../../server/engine/layouts/sqitchPlan';
import { statementsIn } from '../../server/engine/layouts/statements';
import { supabase } from '../../server/engine/layouts/supabase';
import { statementsOfSupabase } from '../../server/engine/layouts/supabaseStatements';
import { tomlValues } from '../../server/engine/layouts/toml';
import { yamlValues } from '../../server/engine/base/yaml';
import { filesOf } from '../support/files';
import { toolSettings } from '../support/toolSettings';

const megabyte = (text: string): string => text.repeat(Math.ceil(1_000_000 / text.length));

/** Much where each sign is work, and enough that who looks at the rest anew for each runs into mocha's limit. */
const much = (text: string): string => text.repeat(Math.ceil(200_000 / text.length));

/** What takes for ever is ended by mocha's limit. */
const ends = (run: () => unknown): void => void run();

describe('YAML that means harm', () => {
  const nine = (of: string): string => `[${Array<string>(9).fill(of).join(', ')}]`;
  const bomb = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].reduce(
    (text, it, at) => `${text}${it}: &${it} ${nine(`*${'abcdefgh'.charAt(at)}`)}\n`,
    `a: &a ${nine('lol')}\n`,
  );
  const texts: readonly (readonly [string, string])[] = [
    ['aliases of aliases', `${bomb}databaseChangeLog: *i\n`],
    ['an alias of nothing', 'databaseChangeLog: *nope\n'],
    ['an alias of what it is in', 'spring: &a\n  flyway: *a\n'],
    ['brackets without end', megabyte('[')],
    ['thousands of brackets', `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['thousands of levels', Array.from({ length: 1200 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
  ];
  for (const [name, text] of texts)
    it(`is left out: ${name}`, () =>
      ends(() => deepEqual([yamlValues(text), yamlEntries(text), hasIncludes('a.yaml', text)], [[], [], false])));

  it('sets nothing of all objects', () => {
    deepEqual(yamlEntries('__proto__:\n  polluted: 1\nconstructor: {prototype: {polluted: 1}}\n').length > 0, true);
    equal(Reflect.get({}, 'polluted'), undefined);
  });
});

describe('changelogs that lead far away', () => {
  it('are not followed to what holds the project', () => {
    const listed: string[] = [];
    const files = changelogFrom(
      {
        path: '/p/m',
        names: ['a.yaml'],
        read: (name) =>
          name === 'a.yaml'
            ? 'databaseChangeLog:\n  - includeAll: {path: ../../../.., relativeToChangelogFile: true}\n'
            : undefined,
        list: (name) => (listed.push(name), ['x/', 'y.sql']),
      },
      'a.yaml',
    );
    deepEqual([files.files, listed], [[], []]);
  });

  it('name no file there either', () => {
    const asked: string[] = [];
    const { files, beyond } = changelogFrom(
      {
        path: '/p/m',
        names: ['a.xml'],
        read: (name) => (
          asked.push(name),
          '<databaseChangeLog><include file="../../../../../etc/x.xml" relativeToChangelogFile="true"/></databaseChangeLog>'
        ),
        list: () => [],
      },
      'a.xml',
    );
    deepEqual([files, beyond, asked], [[], ['../../../../../etc/x.xml'], ['a.xml']]);
  });

  it('end where folders lie in each other', () =>
    ends(() =>
      changelogFrom(
        {
          path: '/p/m',
          names: ['a.xml'],
          read: () => '<databaseChangeLog><includeAll path="x" relativeToChangelogFile="true"/></databaseChangeLog>',
          list: () => ['x/'],
        },
        'a.xml',
      ),
    ));

  it('have comments that do not end', () => ends(() => hasIncludes('a.xml', `databaseChangeLog${megabyte('<!--')}`)));
  it('have tags that do not end', () => ends(() => hasIncludes('a.xml', `databaseChangeLog${megabyte('<include ')}`)));
});

describe('a file of one sign', () => {
  for (const sign of ['-', '--\n', '\n', '\r', ' ', '\n--', '$', '{', '${', "'", '-- '])
    it(`is recognised quickly: ${JSON.stringify(sign)}`, () =>
      ends(() => findFolders(['/w'], filesOf({ '/w/m/1_a.sql': megabyte(sign), '/w/n/V1__a.sql': megabyte(sign) }))));

  const tools: readonly (readonly [Layout, string, string, readonly string[]])[] = [
    [liquibase, '1.sql', '--liquibase formatted sql\n--changeset a:1\n', ['[', '/*', ';', '--changeset a:1\n']],
    [liquibase, '1.sql', '--liquibase formatted sql\n--changeset a:1', [' ']],
    [liquibase, '1.sql', '--liquibase formatted sql\n--property ', [' ']],
    [supabase, '20200101000000_a.sql', '', ['begin atomic ', '(', 'begin atomic (']],
    [goose, '1_a.sql', '-- +goose ENVSUB ON\n-- +goose Up\n', ['$A ', '$A;\n']],
    [goose, '1_a.sql', '-- +goose Up\n', ["';\n", '$$;\n']],
    [atlas, '1_a.sql', '', ['begin ', ' ', '/*']],
  ];
  for (const [layout, name, head, signs] of tools)
    for (const sign of signs)
      it(`is read in time: ${layout.label}, ${JSON.stringify(`${head}${sign}…`)}`, () => {
        const text = `${head}${much(sign)}`;
        for (const script of layout.read(name, text, () => undefined).scripts) statementsIn(text, script);
      });

  for (const sign of ['datasource db {', 'migrations: {', 'datasource: { url: env<', '\n', '"\\', '/*'])
    it(`is no configuration: ${JSON.stringify(sign)}`, () => {
      const read = (): string => much(sign);
      prisma.recognise({ path: '/p/m', names: ['20200101000000_a/'], read, list: () => ['migration.sql', 'a.prisma'] });
      drizzle.configured?.(toolSettings({ read }));
    });

  it('is a name of dollars for Atlas, and no riddle', () =>
    equal(atlas.read('1_a.sql', `select $${'a'.repeat(200)} ;`, () => undefined).scripts.length, 1));

  it('is no riddle of options', () =>
    ends(() => directiveProblems(dbmate, { text: `-- migrat:up ${'a:bbbbbbbb'.repeat(50)}!\n`, isMarked: false })));

  it('nests blocks deeper than the stack', () =>
    deepEqual(
      [
        statementsOfSupabase('begin atomic ('.repeat(100_000)).length,
        scanAtlas('begin '.repeat(100_000)).statements.length,
      ],
      [1, 1],
    ));

  it('is no list of TOML', () => ends(() => equal(tomlValues(`a = [${megabyte('#')}`)?.size ?? 0, 0)));
  it('is no line of a plan', () =>
    ends(() => ok(readSqitchPlan(`%project=x\n\na ${megabyte(' ')}<`).refusal !== undefined)));
  it('is no include', () =>
    ends(() =>
      compiled(`--!include ${megabyte(' ')}`, { start: 0, end: 1_000_011 }, { placeholders: new Map() } as never, {
        read: () => undefined,
      }),
    ));
  it('is no include of includes without end', () =>
    ends(() => {
      const read = (name: string): string => `--!include ${Number(/\d+/.exec(name)?.[0]) + 1}.sql\n`.repeat(10);
      const { problems } = compiled('--!include 0.sql\n', { start: 0, end: 17 }, { placeholders: new Map() } as never, {
        read: (name) => (name === 'fixtures/9.sql' ? 'x' : read(name)),
      });
      ok(
        problems.some(({ message }) => message.includes('more than 10 MB')),
        JSON.stringify(problems),
      );
    }));
  it('is no default of goose', () => {
    const { problems } = goose.read('1_a.sql', `-- +goose ENVSUB ON\n-- +goose Up\n${'${A:-'.repeat(20_000)}`);
    ok(
      problems.some(({ message }) => message.includes('too deep')),
      JSON.stringify(problems).slice(0, 500),
    );
  });
});

describe("node-pg-migrate's marker", () => {
  it('is where its own expression finds it', () => {
    const part = fc.constantFrom('\n', '\r\n', ' ', '-', '--', '--', 'up', 'Up', ' migration', 'x', '\t');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        const text = parts.join('');
        equal(markerIn(text, 'up'), text.search(/^\s*--[\s-]*up\s+migration/im), JSON.stringify(text));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('blocks in blocks without end', () => {
  for (const text of ['begin ', ' begin;', 'create function f() begin atomic '])
    it(`end the reader of Atlas neither by its stack nor by the clock: ${text}`, () =>
      ends(() => ok(scanAtlas(text.repeat(20_000), { start: 0, end: 20_000 * text.length }).statements.length > 0)));
});
