/** Where does a down script stand, and how is it written there? As the layout begins a new migration. */
import type { DownEdit, Layout, MigrationFile, Skeleton } from './layout';

export interface DownText {
  /** As `readName` takes it. */
  readonly fileName: string;
  readonly edit: DownEdit;
}

export interface DownPlace {
  readonly layout: Layout;
  /** A new migration of this folder. */
  readonly skeleton: Skeleton;
  readonly up: WrittenFile;
  /** Undefined where there is none; the same as `up` where one file holds both. */
  readonly down: WrittenFile | undefined;
}

export interface WrittenFile {
  readonly fileName: string;
  readonly text: string;
  readonly scripts: MigrationFile['scripts'];
}

/**
 * The file with these statements as its down script, in the place of what it has.
 *
 * @param statements without semicolons
 */
export function downTextOf(place: DownPlace, statements: readonly string[]): DownText {
  const { layout, skeleton, up, down } = place;
  const { fileName } = up;
  if (layout.onlyUp)
    return { fileName, edit: { because: `${layout.label} takes nothing back: it has no down scripts.` } };
  if (layout.withDown) return { fileName, edit: layout.withDown(up.text, statements) };
  const text = (layout.writesDown ?? plainly)(statements);
  if (down && down.fileName !== fileName) return { fileName: down.fileName, edit: { text } };
  const own = downNameOf(skeleton, fileName, layout);
  if (own !== undefined) return { fileName: own, edit: { text } };
  return { fileName, edit: inSameFile(up, text, markerIn(skeleton)) };
}

const plainly = (statements: readonly string[]): string => statements.map((it) => `${it};\n`).join('');

/** How its down file would be called: as that of a new migration differs from its up file. */
function downNameOf({ files }: Skeleton, upName: string, layout: Layout): string | undefined {
  const named = (direction: string) => files.find(({ name }) => layout.readName(name)?.direction === direction)?.name;
  const [one, other] = [named('up'), named('down')];
  if (one === undefined || other === undefined) return undefined;
  const length = Math.min(one.length, other.length);
  let start = 0;
  while (start < length && one[start] === other[start]) start++;
  let end = 0;
  while (end < length - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const [was, will] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  const tail = one.slice(one.length - end);
  if (start === 0) return upName.startsWith(was) ? will + upName.slice(was.length) : undefined;
  return upName.endsWith(was + tail)
    ? upName.slice(0, upName.length - was.length - tail.length) + will + tail
    : undefined;
}

/** The line that begins the way down. */
const markerIn = ({ files }: Skeleton): string | undefined =>
  /^--.*\bdown\b.*$/im.exec(files.length === 1 ? (files[0]?.text ?? '') : '')?.[0];

function inSameFile({ text, scripts }: WrittenFile, sql: string, marker: string | undefined): DownEdit {
  const last = scripts.findLast(({ direction }) => direction === 'down');
  const begin = marker === undefined ? undefined : lineWith(marker, text);
  if (begin) return { text: `${text.slice(0, begin.end)}\n${sql}${last ? text.slice(last.range.end) : ''}` };
  if (marker === undefined || last) return { because: 'The file has no place for a way back.' };
  return { text: `${text.trimEnd()}\n\n${marker}\n${sql}` };
}

/** However it is written, and whatever options stand behind it. */
function lineWith(marker: string, text: string): { readonly end: number } | undefined {
  const words = marker.split(/\s+/).map((it) => it.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const found = new RegExp(`^${words.join(String.raw`\s*`)}.*$`, 'im').exec(text);
  return found ? { end: found.index + found[0].length } : undefined;
}
