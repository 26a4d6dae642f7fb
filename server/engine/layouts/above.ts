/** Where a project may configure its tool: in the folders above that of the migrations. */

/** `../`, `../../` …, the nearest first. */
export const foldersAbove = (levels: number): readonly string[] =>
  Array.from({ length: levels }, (_, i) => '../'.repeat(i + 1));
