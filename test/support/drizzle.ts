/** Folders as drizzle-kit makes them, for tests. */

/** `meta/_journal.json` with these entries, a second apart. */
export const journalOf = (tags: readonly string[], changes: Readonly<Record<string, object>> = {}): string =>
  JSON.stringify(
    {
      version: '7',
      dialect: 'postgresql',
      entries: tags.map((tag, idx) => ({
        idx,
        version: '7',
        when: 1_700_000_000_000 + idx * 1000,
        tag,
        breakpoints: true,
        ...changes[tag],
      })),
    },
    null,
    2,
  );

/** What is recorded of the entry at `idx`. */
export const whenOf = (idx: number): string => String(1_700_000_000_000 + idx * 1000);
