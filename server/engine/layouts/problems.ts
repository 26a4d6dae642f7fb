/** Trouble of a folder as a whole, in the words of the tool that would refuse it. */
import { join } from 'node:path';
import type { Layout } from './layout';
import type { MigrationFolder } from './migration';
import { groupsOf, type NamedFile } from './pairs';

/** @param names of all files in the folder */
export function problemsOf(
  layout: Layout,
  files: readonly NamedFile[],
  names: readonly string[],
  folder: string,
): MigrationFolder['problems'] {
  const byVersion = [...groupsOf(files, ({ name }) => name.version).values()];
  return [
    ...byVersion.flatMap((group) => twice(layout, group)),
    ...(layout.name === 'dbmate' || layout.name === 'goose'
      ? []
      : byVersion.flatMap((group) => loneDown(layout, group))),
    ...files.flatMap((file) => tooLarge(layout, file)),
    ...names.filter((name) => isNameless(layout, name)).map((name) => nameless(join(folder, name), name)),
    ...names.filter((name) => isTooLong(layout, name)).map((name) => overlooked(layout, join(folder, name))),
  ];
}

type Problem = MigrationFolder['problems'][number];

function twice(layout: Layout, group: readonly NamedFile[]): Problem[] {
  const directions = groupsOf(group, ({ name }) => (name.direction === 'down' ? 'down' : 'up'));
  return [...directions.values()].flatMap(([first, ...others]) =>
    others.map(({ path, fileName, name }) => ({
      path,
      message: `Version ${name.version} stands twice: in ${first?.fileName} and in ${fileName}. ${refusals[layout.name]}`,
    })),
  );
}

const refusals = {
  'golang-migrate': 'golang-migrate refuses the whole folder.',
  dbmate: 'dbmate takes both for applied once one is, and refuses to record the version a second time.',
  goose: 'goose refuses the whole folder.',
  numbered: 'Only one of them can be recorded.',
} as const satisfies Record<Layout['name'], string>;

function loneDown(layout: Layout, group: readonly NamedFile[]): Problem[] {
  const [first] = group;
  if (!first || group.some(({ name }) => name.direction !== 'down')) return [];
  const effect =
    layout.name === 'golang-migrate' ? 'golang-migrate takes it for an empty migration.' : 'It can never be applied.';
  return [{ path: first.path, message: `Version ${first.name.version} has a down file and no up file. ${effect}` }];
}

/** golang-migrate records a bigint. */
function tooLarge(layout: Layout, { path, name }: NamedFile): Problem[] {
  if (layout.name !== 'golang-migrate' || BigInt(name.version) < 2n ** 63n) return [];
  return [{ path, message: `Version ${name.version} is larger than the history table can hold (bigint).` }];
}

/** golang-migrate passes over numbers beyond 64 bits without a word. */
const isTooLong = (layout: Layout, name: string): boolean =>
  layout.name === 'golang-migrate' && /^\d{20,}_.*\.(?:up|down)\.sql$/.test(name) && !layout.readName(name);

const overlooked = (layout: Layout, path: string): Problem => ({
  path,
  message: `${layout.label} passes over this file: its number has more than 64 bits.`,
});

/** A program that goose is built into passes over such a file, the command line does not (migrate.go, provider_collect.go). */
const isNameless = (layout: Layout, name: string): boolean =>
  layout.name === 'goose' && name.endsWith('.sql') && !layout.readName(name);

const nameless = (path: string, name: string): Problem => ({
  path,
  message: `The command line of goose refuses the whole folder for this file: ${whyNameless(name)}.`,
});

/** Its versions are numbers of 63 bits above 0, where it keeps the state before the first one. */
function whyNameless(name: string): string {
  const digits = /^(\d+)_/.exec(name)?.[1];
  if (digits === undefined) return 'its name does not begin with a number and an underscore';
  return BigInt(digits) === 0n ? 'its versions begin with 1, and this one is 0' : 'its number has more than 63 bits';
}
