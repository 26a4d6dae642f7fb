/**
 * Atlas: `20240101120000_add_email.sql` beside `atlas.sum`; there is no way down that a file would hold.
 *
 * Facts from ariga/atlas: sql/migrate/dir.go, sql/migrate/migrate.go, sql/sqltool/tool.go,
 * cmd/atlas/internal/cmdapi/migrate.go. With `format` in `atlas.hcl` the files are named and divided as those of
 * golang-migrate, goose or dbmate, and Atlas keeps their sum and history.
 */
import type { TextRange } from '../base/text';
import { type AtlasConfig, atlasConfig, configurationFiles } from './atlasConfig';
import { directivesOf, strayDirectives } from './atlasDirectives';
import { atlasProblems as problem } from './atlasProblems';
import { scanAtlas } from './atlasScanner';
import { linesOf, readSum, sumOf, troubleIn } from './atlasSum';
import { sumProblems } from './atlasSumProblems';
import { dbmate } from './dbmate';
import { directives } from './directives/atlas';
import { foreign } from './foreign';
import { golangMigrate } from './golangMigrate';
import { goose } from './goose';
import type {
  Collected,
  FileProblem,
  FolderContents,
  Layout,
  MigrationFile,
  MigrationName,
  Script,
  Skeleton,
} from './layout';
import { nextNumber, slugOf, timestamp } from './numbers';
import { endsOfShared } from './sharedTransaction';

export const atlas: Layout = layoutWith({
  format: undefined,
  revisionsSchema: undefined,
  order: 'linear',
  mode: 'file',
});

function layoutWith(config: AtlasConfig): Layout {
  return {
    name: 'atlas',
    label: 'Atlas',
    directives,
    twice: 'Atlas knows both by one version, and runs only the first.',
    onTwice: 'runsFirst',
    onlyUp: true,
    onByteOrderMark: 'Atlas sends it to Postgres, which refuses the first statement, and reads no directive behind it.',
    configurationFiles,
    ...(config.mode === 'all' ? { oneTransaction: true } : {}),
    configured: ({ read }) => layoutWith(atlasConfig(read)),
    recognise,
    collect,
    readName,
    read: (fileName, text, beside) => readFile(fileName, text, config, beside ?? (() => undefined)),
    skeleton: (title, existing, now, folder) => skeletonIn(title, existing, now, folder, config),
  };
}

/** Formats that are another tool's names, and Atlas's history all the same. */
const formats: Readonly<Record<string, Layout>> = { 'golang-migrate': golangMigrate, goose, dbmate };

function recognise(folder: FolderContents): string | undefined {
  const names = scriptsIn(folder);
  if (!folder.names.includes('atlas.sum') || names.length === 0) return undefined;
  const { format } = atlasConfig(folder.read);
  if (format !== undefined)
    return format in formats ? `atlas.hcl says that Atlas runs files in the format of ${format}` : undefined;
  // What their names or marks make another tool's is run by that one.
  const isOthers = names.some((name) => golangMigrate.readName(name) !== undefined || /^[VRUB].*__/.test(name));
  return isOthers || foreign(folder, names) !== undefined ? undefined : 'atlas.sum lies in it';
}

const scriptsIn = ({ names }: FolderContents): readonly string[] => names.filter((name) => name.endsWith('.sql'));

/** Files of golang-migrate for the way up count in its format only, and are none of Atlas's otherwise. */
const summedIn = (folder: FolderContents): readonly string[] =>
  atlasConfig(folder.read).format === 'golang-migrate'
    ? scriptsIn(folder).filter((name) => name.endsWith('.up.sql'))
    : scriptsIn(folder);

/** A checkpoint holds what the files before it do: Atlas begins with the last one where nothing is applied yet. */
function collect(folder: FolderContents): Collected {
  const texts = summedIn(folder).map((name) => ({ name, text: folder.read(name) ?? '' }));
  const named = texts.flatMap(({ name: fileName, text }) => {
    const name = readName(fileName);
    const isCheckpoint = text.startsWith('--') && directivesOf(text).some((it) => it.name === 'checkpoint');
    return name ? [{ fileName, name: isCheckpoint ? { ...name, isCheckpoint } : name }] : [];
  });
  const last = named.findLastIndex(({ name }) => name.isCheckpoint === true);
  const heldBy = named[last]?.name.version;
  const files = named.map(({ fileName, name }, at) => ({
    fileName,
    name: at < last && heldBy !== undefined ? { ...name, heldBy } : name,
  }));
  const written = folder.read('atlas.sum');
  const trouble = written === undefined ? undefined : troubleIn(readSum(written), linesOf(texts));
  const fileName = trouble && folder.names.includes(trouble.name) ? trouble.name : 'atlas.sum';
  const message = `Atlas refuses the whole folder: by atlas.sum ${trouble?.name} was ${trouble?.reason}. Run atlas migrate hash.`;
  return { files, problems: trouble ? [{ fileName, message }] : [] };
}

function readName(fileName: string): MigrationName | undefined {
  const [, name] = /^([^/]+?)(?:\.up)?\.sql$/.exec(fileName) ?? [];
  if (name === undefined || fileName.endsWith('.down.sql')) return undefined;
  const at = name.indexOf('_');
  const version = at < 0 ? name : name.slice(0, at);
  const digits = /^\d+/.exec(version)?.[0] ?? '0';
  return { version, digits, order: fileName, title: at < 0 ? '' : name.slice(at + 1), direction: 'up' };
}

function readFile(fileName: string, text: string, config: AtlasConfig, read: FolderContents['read']): MigrationFile {
  const script = scriptOf(fileName, text, config);
  const trouble = config.format === undefined ? scanAtlas(text, script.range).trouble : undefined;
  return {
    scripts: [script],
    problems: [
      ...modeProblems(text, config),
      ...(config.mode === 'all' ? endsOfShared('Atlas', text, script) : []),
      ...strayDirectives(text).map(({ range, name }) => problem.stray(range, name)),
      ...(trouble ? [problem.unreadable(trouble.at, trouble.says, text)] : []),
      ...sumProblems(fileName, text, read),
    ],
  };
}

/** The way up, as Atlas runs it. */
export function scriptOf(fileName: string, text: string, config: AtlasConfig): Script {
  const whole: Script = { direction: 'up', range: { start: 0, end: text.length }, mode: modeOf(text, config) };
  const other = config.format === undefined ? undefined : formats[config.format];
  if (other) return upOf(other, fileName, text, whole);
  const range = archivedIn(text) ?? whole.range;
  if (!/^-- atlas:delimiter|^delimiter /im.test(text)) return { ...whole, range };
  const pieces = scanAtlas(text, range).statements.flatMap((it) => {
    const start = it.range.start + text.slice(it.range.start).search(/\S/);
    return it.text === '' ? [] : [{ start, end: start + it.text.length }];
  });
  return { ...whole, range, pieces };
}

function upOf(other: Layout, fileName: string, text: string, whole: Script): Script {
  const up = other.read(fileName, text).scripts.find(({ direction }) => direction === 'up');
  return up ? { ...up, mode: whole.mode } : whole;
}

const modeOf = (text: string, { mode }: AtlasConfig): Script['mode'] =>
  (directivesOf(text).find(({ name }) => name === 'txmode')?.value ?? mode) === 'none' ? 'statements' : 'transaction';

/** An archive holds the migration beside checks that have to be true before it. */
function archivedIn(text: string): TextRange | undefined {
  if (!directivesOf(text).some(({ name }) => name === 'txtar')) return undefined;
  const begin = /^-- migration\.sql --[ \t]*\r?\n/m.exec(text);
  if (!begin) return undefined;
  const start = begin.index + begin[0].length;
  const next = text.slice(start).search(/^-- \S+ --[ \t]*$/m);
  return { start, end: next < 0 ? text.length : start + next };
}

function modeProblems(text: string, { mode }: AtlasConfig): FileProblem[] {
  const [first, second] = directivesOf(text).filter(({ name }) => name === 'txmode');
  if (!first) return [];
  if (second) return [problem.twoModes(second.range)];
  if (first.value !== 'none' && first.value !== 'file') return [problem.unknownMode(first.range, first.value)];
  return mode === 'all' ? [problem.modeOfAll(first.range)] : [];
}

/** Atlas writes the sum anew when it makes a file. */
function skeletonIn(
  title: string,
  existing: readonly MigrationName[],
  now: Date,
  folder: FolderContents | undefined,
  { format }: AtlasConfig,
): Skeleton {
  const other = format === undefined ? undefined : formats[format];
  const own = `${nextNumber(existing, now, timestamp(now))}_${slugOf(title)}.sql`;
  const { files, cursor } = other?.skeleton(title, existing, now) ?? { files: [{ name: own, text: '' }], cursor: 0 };
  const summed = files.filter(({ name }) => format !== 'golang-migrate' || name.endsWith('.up.sql'));
  const known = folder ? summedIn(folder).map((name) => ({ name, text: folder.read(name) ?? '' })) : [];
  const sum = sumOf([...known, ...summed].toSorted((one, two) => (one.name < two.name ? -1 : 1)));
  const lists = [{ name: 'atlas.sum', text: sum }];
  return { files, cursor, lists };
}
