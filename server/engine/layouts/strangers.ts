/** Files of another tool in the folder of one: a folder is one tool's, and what becomes of them has to be said. */
import { hasUpMarker } from './dbmateMarkers';
import { someOf } from './foreign';
import { golangMigrate } from './golangMigrate';
import { hasUp } from './gooseAnnotations';
import type { FolderContents, FolderProblem, Layout, LayoutName } from './layout';

/** Of each other tool the first file that is met; of many files only a few are read, as where a folder is recognised. */
export function strangersIn(folder: FolderContents, layout: Layout): FolderProblem[] {
  const found = new Map<LayoutName, FolderProblem>();
  for (const name of looked(folder, layout)) {
    const sign = signOf(name, folder.read(name) ?? '');
    if (!sign || sign.tool === layout.name || found.has(sign.tool)) continue;
    const effect = layout.readName(name) ? 'takes this file for a migration of its own' : 'passes over this file';
    found.set(sign.tool, {
      fileName: name,
      message: `The folder is read as one of ${layout.label}, which ${effect}; but it ${sign.says}. A folder is for one tool: move its files or those of the other one, or name the layout.`,
    });
  }
  return [...found.values()];
}

/** Names that are usual in a folder of the layout, and those that are not. Plain numbered files come in pairs as well. */
function looked({ names }: FolderContents, layout: Layout): readonly string[] {
  const scripts = names.filter((name) => /^\d.*\.sql$/.test(name));
  const isPaired = (name: string): boolean => golangMigrate.readName(name) !== undefined;
  const [pairs, others] = [scripts.filter(isPaired), scripts.filter((name) => !isPaired(name))];
  if (layout.name === golangMigrate.name) return someOf(others);
  return withMarks.has(layout.name) ? [...someOf(pairs), ...someOf(others)] : [];
}

/** Their files are known by what is written in them. */
const withMarks: ReadonlySet<LayoutName> = new Set(['dbmate', 'goose']);

interface Sign {
  readonly tool: LayoutName;
  readonly says: string;
}

function signOf(name: string, text: string): Sign | undefined {
  if (hasUpMarker(text)) return { tool: 'dbmate', says: 'has a line "-- migrate:up" of dbmate' };
  if (hasUp(text)) return { tool: 'goose', says: 'has a line "-- +goose Up"' };
  if (golangMigrate.readName(name))
    return { tool: 'golang-migrate', says: 'is named as golang-migrate names its files' };
  return undefined;
}
