/** Flyway: `V1__add_email.sql`, run once, and `R__views.sql`, run again whenever it has changed. */
import { directives } from './directives/flyway';
import { flywayConfig, configurationFiles, type FlywayConfig } from './flywayConfig';
import { flywayDatabase, flywayDatabaseIn } from './flywayDatabase';
import { filesIn, locationsIn } from './flywayLocations';
import { flywayName, type FlywayName, isRepeatable, isVersion } from './flywayNames';
import { type FlywayReading, readFlyway } from './flywayReader';
import { foreign } from './foreign';
import type { Collected, FolderContents, FolderProblem, FoundFile, Layout, MigrationName } from './layout';
import { nextNumber, slugOf } from './numbers';
import { groupsOf } from './pairs';

/** Whatever the project says, which is asked for where the folder is known. */
const plainly: FlywayReading = { config: flywayConfig(), session: {} };

export const flyway: Layout = layoutAs(plainly);

function layoutAs(reading: FlywayReading): Layout {
  return {
    name: 'flyway',
    label: 'Flyway',
    directives,
    configurationFiles,
    twice: 'Flyway refuses the whole folder.',
    onTwice: 'refusesFolder',
    onlyUp: true,
    ...(reading.config.group ? { oneTransaction: true } : {}),
    ...putsFirst(reading.config),

    namedDatabase: ({ read }) => flywayDatabase(read),
    databaseIn: (environment, { read }) => flywayDatabaseIn(environment, read),

    configured: ({ read, environment, database, user }) =>
      layoutAs({ config: flywayConfig(read, environment), session: { database, user } }),

    recognise,

    collect: collected,

    readName(fileName) {
      const found = flywayName(fileName, reading.config);
      return found?.kind === 'migration' ? found.name : undefined;
    },

    read: (fileName, text, beside = () => undefined) => readFlyway(fileName, text, beside, reading),

    skeleton(title, existing, now) {
      const { prefixes, separator, suffixes } = reading.config;
      const name = `${prefixes.versioned}${nextVersion(existing, now)}${separator}${slugOf(title)}${suffixes[0] ?? '.sql'}`;
      return { files: [{ name, text: '' }], cursor: 0 };
    },
  };
}

function putsFirst({ schema, schemas, createSchemas }: FlywayConfig): Pick<Layout, 'putsFirst'> {
  return schema === undefined ? {} : { putsFirst: { schema, makes: createSchemas ? schemas : [] } };
}

function collected(folder: FolderContents): Collected {
  const config = flywayConfig(folder.read);
  const all = filesIn(folder, config).map((fileName) => ({ fileName, found: flywayName(fileName, config) }));
  const locations = locationsIn(folder.path, config);
  const files = all.flatMap(({ fileName, found }) =>
    found?.kind === 'migration' ? [{ fileName, name: placed(found.name, fileName, locations) }] : [],
  );
  const passedOver = all.flatMap(({ fileName, found }) => (found ? noteOn(fileName, found) : []));
  return { files, problems: [...passedOver, ...sameVersions(files)] };
}

/** Written otherwise; the same text twice is found for all layouts. */
const sameVersions = (files: readonly FoundFile[]): FolderProblem[] =>
  [...groupsOf(files, ({ name }) => name.order).values()].flatMap(([first, ...others]) =>
    others.flatMap(({ fileName, name: { version } }) =>
      !first || first.name.version === version
        ? []
        : [
            {
              fileName,
              message: `Version ${first.name.version} and ${version} are the same to Flyway, which refuses the whole folder.`,
              version,
              stops: 'folder' as const,
            },
          ],
    ),
  );

function recognise(folder: FolderContents): string | undefined {
  const scripts = folder.names.filter((name) => /\.\w+$/.test(name));
  const isNested =
    folder.names.some((name) => name.endsWith('/')) && /(?:^|[\\/])(?:db|sql|migrations?)$/i.test(folder.path);
  if (!isNested && !scripts.some((name) => /^[A-Z]/.test(name))) return undefined;
  const config = flywayConfig(folder.read);
  const direct = scripts.filter((name) => ['migration', 'baseline'].includes(flywayName(name, config)?.kind ?? ''));
  if (direct.length === 0) return isNested ? aboveLocations(folder, config) : undefined;
  if (foreign(folder, direct) !== undefined) return undefined;
  const [source] = config.sources;
  return `${direct[0]} is named as Flyway names its files${source === undefined ? '' : `, and ${source} configures it`}`;
}

/** Several folders of one history, which only what is above them knows as such. */
function aboveLocations(folder: FolderContents, config: FlywayConfig): string | undefined {
  const below = locationsIn(folder.path, config).filter((it) => it !== '');
  const full = below.filter((it) => folder.list(it).some((name) => flywayName(name, config)?.kind === 'migration'));
  if (full.length < 2) return undefined;
  return `${config.sources[0]} names ${full.join(' and ')} in it as locations of Flyway`;
}

/** The path that Flyway records is that in its location. */
function placed(name: MigrationName, fileName: string, locations: readonly string[]): MigrationName {
  const location = locations.find((it) => it !== '' && fileName.startsWith(`${it}/`));
  return { ...name, recordedAs: location === undefined ? fileName : fileName.slice(location.length + 1) };
}

function noteOn(fileName: string, found: FlywayName): FolderProblem[] {
  switch (found.kind) {
    case 'migration':
      return [];
    case 'invalid':
      return [{ fileName, message: `Flyway passes over this file: ${found.why}.` }];
    case 'undo':
    case 'baseline':
    case 'callback':
      return [{ fileName, message: notes[found.kind] }];
  }
}

const notes = {
  undo: 'Only paid editions of Flyway run undo migrations. It is passed over here, and never run to revert.',
  baseline:
    'Flyway runs this baseline migration instead of all up to its version where nothing is applied. It is passed over here.',
  callback: 'Flyway runs this file as a callback around migrations. Rehearsal neither rehearses nor runs it.',
} as const;

/** The newest version with its last part raised, as many digits as it has. */
function nextVersion(existing: readonly MigrationName[], now: Date): string {
  const versions = existing
    .filter((it) => !isRepeatable(it))
    .toSorted((one, other) => (one.order < other.order ? -1 : 1));
  const newest = versions.at(-1);
  if (!newest || !isVersion(newest.digits)) return '1';
  const [, before = '', last = ''] = /^(.*?)(\d+)$/.exec(newest.digits) ?? [];
  return `${before}${nextNumber([{ ...newest, digits: last }], now, '1')}`;
}
