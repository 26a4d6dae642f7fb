/** Trouble of a folder as a whole that can be told from the names of its files, in the words of the tool. */
import type { Collected, FolderContents, FolderProblem, FoundFile, Layout } from './layout';
import { groupsOf } from './pairs';

/** What a layout without a way of its own finds: the files directly in the folder whose names it knows. */
export const namedIn = ({ readName }: Layout, { names }: FolderContents): readonly FoundFile[] =>
  names.flatMap((fileName) => {
    const name = fileName.endsWith('/') ? undefined : readName(fileName);
    return name ? [{ fileName, name }] : [];
  });

export function collectedIn(layout: Layout, folder: FolderContents): Collected {
  const { files, problems } = layout.collect?.(folder) ?? { files: namedIn(layout, folder), problems: [] };
  return { files, problems: [...versionsTwice(layout, files), ...problems] };
}

function versionsTwice({ twice, onTwice }: Layout, files: readonly FoundFile[]): FolderProblem[] {
  const groups = groupsOf(
    files,
    ({ name: { version, direction } }) => `${direction === 'both' ? 'up' : direction} ${version}`,
  );
  return [...groups.values()].flatMap(([first, ...others]) =>
    others.map(({ fileName, name }) => ({
      fileName,
      message: `Version ${name.version} stands twice: in ${first?.fileName} and in ${fileName}. ${twice}`,
      version: name.version,
      ...(onTwice === 'refusesFolder' && { stops: 'folder' as const }),
      ...(onTwice === 'refusesVersion' && { stops: 'version' as const }),
    })),
  );
}

/** @param effect what the tool makes of a down file without an up file: a whole sentence */
export const loneDowns = (files: readonly FoundFile[], effect: string): FolderProblem[] =>
  [...groupsOf(files, ({ name }) => name.version).values()].flatMap(([first, ...others]) =>
    !first || [first, ...others].some(({ name }) => name.direction !== 'down')
      ? []
      : [
          {
            fileName: first.fileName,
            message: `Version ${first.name.version} has a down file and no up file. ${effect}`,
          },
        ],
  );
