/** Long files, long histories and long days: what an editor waits for, and what the language server weighs then. */
import { equal } from 'node:assert/strict';
import { withWorkspace } from '../support/commandLine';
import { binariesOf, type Major, withDatabase } from '../support/servers';
import { type Editor, kept, startEditor } from './editor';
import { type Memory, memoryOf, rounded, timed, type Times, timesOf } from './measure';

export interface Large {
  readonly what: string;
  /** From didOpen to the first diagnostics, in a server that was started for it, with what another one has left. */
  readonly first: Times;
  /** From didChange to the diagnostics of that version. */
  readonly edited: Times;
  readonly memory: Memory;
}

/** A history that is all pending: nobody has named a database. */
export interface Unapplied {
  readonly migrations: number;
  /** From didOpen of the newest file to its diagnostics, in milliseconds; nothing is prepared. */
  readonly first: number;
  /** The same in servers that are started later: the text is the one that the last of them had. */
  readonly later: Times;
  /** The same where that file is another one than at the last start. */
  readonly changed: Times;
  /** Of those, from spawn to the diagnostics. */
  readonly fromSpawn: Times;
}

export interface Sizes {
  readonly statements: number;
  readonly migrations: number;
  readonly edits: number;
}

const newest = 'migrations/9999_newest.sql';

export async function measureLarge(major: Major, sizes: Sizes, rounds: number): Promise<readonly Large[]> {
  const long = Array.from({ length: sizes.statements }, (_, n) =>
    n % 2 === 0
      ? `create table big_${n} (id bigint primary key, name text not null default 'x', n int check (n > ${n}))`
      : `comment on table big_${n - 1} is 'number ${n}'`,
  );
  const history = historyOf(sizes.migrations);
  return [
    await measure(major, `a file of ${sizes.statements} statements`, {}, long, rounds, rounds),
    await measure(major, `${sizes.migrations} migrations, all applied but one`, history, short, rounds, rounds),
    await measure(major, `${sizes.edits} edits`, {}, short, 1, sizes.edits),
  ];
}

/** On the embedded engine. */
export function measureUnapplied(migrations: number, rounds: number): Promise<Unapplied> {
  return withWorkspace(historyOf(migrations), async ({ folder, environment, path, write }) => {
    const text = textOf(short, 0);
    write(newest, text);
    const opened = async (use: (editor: Editor) => Promise<void>, typed = text) => {
      const editor = await startEditor(folder, environment, {});
      try {
        const openedMs = await timed(() => editor.open(path(newest), typed));
        await use(editor);
        return { openedMs, fromSpawnMs: editor.initializedMs + openedMs };
      } finally {
        await editor.close();
      }
    };
    const first = await opened((editor) => editor.logged('kept for the next start'));
    const later: Awaited<ReturnType<typeof opened>>[] = [];
    for (let round = 0; round < rounds; round++) later.push(await opened(() => Promise.resolve()));
    const changed: number[] = [];
    for (let round = 1; round <= rounds; round++)
      changed.push((await opened(() => Promise.resolve(), textOf(short, round))).openedMs);
    return {
      migrations,
      first: rounded(first.openedMs),
      changed: timesOf(changed),
      later: timesOf(later.map(({ openedMs }) => openedMs)),
      fromSpawn: timesOf(later.map(({ fromSpawnMs }) => fromSpawnMs)),
    };
  });
}

const short = ['create table fresh (id int)', 'select id from fresh'];

const historyOf = (migrations: number): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Array.from({ length: migrations }, (_, n) => [
      `migrations/${String(n + 1).padStart(4, '0')}_step.sql`,
      `create table step_${n + 1} (id int);\nalter table step_${n + 1} add column n int;\n`,
    ]),
  );

async function measure(
  major: Major,
  what: string,
  files: Readonly<Record<string, string>>,
  statements: readonly string[],
  openings: number,
  edits: number,
): Promise<Large> {
  const settings = { shadow: 'private', postgresBinaries: [binariesOf(major)] };
  return withDatabase(major, (url) =>
    withWorkspace(
      files,
      async ({ folder, environment, path, write, run }) => {
        if (Object.keys(files).length > 0) equal((await run('apply', '--yes', '--no-rehearsal')).code, 0);
        write(newest, textOf(statements, 0));
        const first: number[] = [];
        const storage = path('../storage');
        const opened = async <T>(use: (editor: Editor, ms: number) => Promise<T>): Promise<T> => {
          const editor = await startEditor(folder, { ...environment, REHEARSAL_HOME: storage }, settings);
          try {
            const ms = await timed(() => editor.open(path(newest), textOf(statements, 0)));
            return await use(editor, ms);
          } finally {
            await editor.close();
          }
        };
        await opened(() => kept(storage));
        for (let opening = 0; opening < openings; opening++)
          first.push(await opened((_editor, ms) => Promise.resolve(ms)));
        const times: number[] = [];
        const memory = await opened(async (editor) => {
          for (let edit = 1; edit <= edits; edit++)
            times.push(await timed(() => editor.edit(textOf(statements, edit))));
          return memoryOf(editor.pid);
        });
        return { what, first: timesOf(first), edited: timesOf(times), memory };
      },
      { DATABASE_URL: url },
    ),
  );
}

/** A statement at the end is another one each time. */
const textOf = (statements: readonly string[], edit: number): string =>
  `${[...statements, `select ${edit}`].join(';\n')};\n`;
