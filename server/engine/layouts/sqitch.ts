/**
 * sqitch: the changes of `sqitch.plan`, each with `deploy/<change>.sql` and `revert/<change>.sql`.
 *
 * The name of a change is its version; one that was reworked since is called as its scripts are: `users@v1`. Scripts
 * are run by psql, which wraps nothing around them.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch/Plan/Change.pm, Engine/pg.pm, Command/add.pm.
 */
import { posix } from 'node:path';
import type { Collected, FolderContents, FolderProblem, FoundFile, Layout, MigrationName } from './layout';
import { sqitchDatabase, type SqitchPlaces, configurationFiles, sqitchSettingsIn, usualPlaces } from './sqitchConfig';
import { readSqitchPlan, type SqitchChange } from './sqitchPlan';
import { sqitchSkeleton } from './sqitchSkeleton';
import { type SqitchSurroundings, sqitchSettings } from './sqitchUser';

export const sqitch: Layout = layoutAt(usualPlaces, ({ read }) => ({ environment: {}, read }));

function layoutAt(places: SqitchPlaces, around: (folder: FolderContents) => SqitchSurroundings): Layout {
  return {
    name: 'sqitch',
    label: 'sqitch',
    directives: {
      page: 'https://sqitch.org/docs/manual/sqitchtutorial/',
      all: [],
      withoutTransaction: 'sqitch begins no transaction: leave out BEGIN and COMMIT.',
    },
    configurationFiles,
    psql: 'surely',
    twice: 'sqitch refuses the plan.',
    onTwice: 'refusesFolder',

    namedDatabase({ read }) {
      const settings = sqitchSettingsIn(read);
      return settings && sqitchDatabase(settings.config);
    },

    configured: (settings) => layoutAt(sqitchSettings(settings).places, () => settings),

    recognise({ path, names, read }) {
      if (!names.some((name) => name.endsWith('.plan'))) return undefined;
      const settings = sqitchSettingsIn(read);
      if (!settings || !path.replaceAll('\\', '/').endsWith(settings.home)) return undefined;
      return `${settings.places.plan} lies in it`;
    },

    othersBelow({ names, read }) {
      const { deploy, revert, verify, reworked } = sqitchSettingsIn(read)?.places ?? usualPlaces;
      const own = [deploy, revert, verify, reworked.deploy, reworked.revert, reworked.verify].map(
        (it) => `${it.split('/', 1)[0]}/`,
      );
      return names.filter((name) => !own.includes(name));
    },

    collect: (folder) => collected(folder, sqitchSettingsIn(folder.read)?.places ?? usualPlaces),

    readName: (fileName) => nameIn(places, fileName),

    read(fileName, text) {
      // A verify script has one way, too.
      const direction = nameIn(places, fileName)?.direction === 'down' ? 'down' : 'up';
      return { scripts: [{ direction, range: { start: 0, end: text.length }, mode: 'statements' }], problems: [] };
    },

    skeleton: (title, _, now, folder) => sqitchSkeleton(title, now, folder, places, folder && around(folder)),
  };
}

/** Where a script stands tells what it is for; its place in the plan only the plan does. */
function nameIn(places: SqitchPlaces, fileName: string): MigrationName | undefined {
  const { deploy, revert, verify, reworked, extension } = places;
  const ending = `.${extension}`;
  if (!fileName.endsWith(ending)) return undefined;
  const inside = (dir: string): boolean => dir === '.' || fileName.startsWith(`${dir}/`);
  for (const [direction, dirs] of [
    ['down', [revert, reworked.revert]],
    ['verify', [verify, reworked.verify]],
    ['up', [deploy, reworked.deploy]],
  ] as const) {
    const dir = dirs.find(inside);
    if (dir === undefined) continue;
    const version = fileName.slice(dir === '.' ? 0 : dir.length + 1, -ending.length);
    return { version, digits: '', order: '', title: '', direction };
  }
  return undefined;
}

function collected(folder: FolderContents, places: SqitchPlaces): Collected {
  const { changes, refusal } = readSqitchPlan(folder.read(places.plan) ?? '');
  const isThere = lookup(folder);
  const found = changes.map((change, i) => filesOf(change, i, places, isThere));
  const refused =
    refusal === undefined ? [] : [{ fileName: places.plan, message: `sqitch refuses the plan, ${refusal}.` }];
  return {
    files: found.flatMap(({ files }) => files),
    problems: [
      ...refused,
      ...found.flatMap(({ missing }) => (missing === undefined ? [] : [withoutScript(missing, places)])),
    ],
  };
}

interface ChangeFiles {
  readonly files: readonly FoundFile[];
  /** The deploy script, when it is not there. */
  readonly missing: string | undefined;
}

function filesOf(
  { name, id, reworkTags }: SqitchChange,
  index: number,
  { deploy, revert, verify, reworked, extension }: SqitchPlaces,
  isThere: (fileName: string) => boolean,
): ChangeFiles {
  const [first] = reworkTags;
  const dirs = first === undefined ? { deploy, revert, verify } : reworked;
  const tag = firstOf(reworkTags, (it) => isThere(posix.join(dirs.deploy, `${name}@${it}.${extension}`))) ?? first;
  const version = tag === undefined ? name : `${name}@${tag}`;
  const [up, down, verified] = [dirs.deploy, dirs.revert, dirs.verify].map((dir) =>
    posix.join(dir, `${version}.${extension}`),
  );
  const order = String(index).padStart(8, '0');
  const fileOf = (fileName: string | undefined, direction: 'up' | 'down' | 'verify'): FoundFile[] =>
    fileName === undefined || !isThere(fileName)
      ? []
      : [{ fileName, name: { version, id, digits: '', order, title: '', direction } }];
  const files = [...fileOf(up, 'up'), ...fileOf(down, 'down'), ...fileOf(verified, 'verify')];
  return { files, missing: files[0]?.name.direction === 'up' ? undefined : up };
}

function firstOf(names: Iterable<string>, isIt: (name: string) => boolean): string | undefined {
  for (const name of names) if (isIt(name)) return name;
  return undefined;
}

/** Each folder is listed once. */
function lookup({ list, names }: FolderContents): (fileName: string) => boolean {
  const known = new Map<string, ReadonlySet<string>>([['.', new Set(names)]]);
  return (fileName) => {
    const dir = posix.dirname(fileName);
    const inside = known.get(dir) ?? new Set(list(dir));
    known.set(dir, inside);
    return inside.has(posix.basename(fileName));
  };
}

const withoutScript = (script: string, { plan }: SqitchPlaces): FolderProblem => ({
  fileName: plan,
  message: `sqitch stops at the change whose script ${script} is not there.`,
});
