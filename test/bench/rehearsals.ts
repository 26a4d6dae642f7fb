/** How long a rehearsal takes from the editor's side, and how long plain Postgres takes for the same statements. */
import { equal } from 'node:assert/strict';
import type { Client } from 'pg';
import type { Diagnostic } from 'vscode-languageserver-protocol';
import { withConnection } from '../support/client';
import { withWorkspace, type Workspace } from '../support/commandLine';
import { binariesOf, type Major, withDatabase } from '../support/servers';
import { type Editor, kept, startEditor } from './editor';
import { migration, type Place, places, schemaOf, type Variant } from './generate';
import { type Memory, memoryBelow, memoryOf, rounded, timed, type Times, timesOf } from './measure';

export interface Rehearsals {
  /** Where the server says that it rehearsed. */
  readonly rehearsedOn: string;
  readonly shadow: string;
  /** `pg` running the forty statements in one transaction on the target, over one open connection, and rolling back. */
  readonly plain: Times;
  /** The last of them by itself, in the same runs. */
  readonly plainLast: Times;
  readonly tables: number;
  /** From didOpen to the first diagnostics, in a server that was started for it, with nothing prepared. */
  readonly first: Timed;
  /** The same with what an earlier server of the same folder left prepared. */
  readonly reopened: Timed;
  /**
   * From didChange to the diagnostics of that version, by the statement that changed. The text was never run before;
   * pauses that the server makes on purpose are in it.
   */
  readonly edited: Readonly<Record<Place, Timed>>;
  /** The same when only a comment was added at the top. */
  readonly blank: Timed;
  readonly memory: { readonly server: Memory; readonly itsProcesses: Memory | undefined };
}

/** `ratio`: the median as a multiple of the plain one. */
export interface Timed extends Times {
  readonly ratio: number;
}

const fileName = 'migrations/001_flags.sql';

export interface Rounds {
  readonly openings: number;
  readonly edits: number;
}

type Settings = { readonly shadow: string; readonly postgresBinaries: readonly string[] };

export async function measureRehearsals(
  major: Major,
  shadow: string,
  rounds: Rounds,
  tables = 200,
): Promise<Rehearsals> {
  const settings = { shadow, postgresBinaries: [binariesOf(major)] };
  return withDatabase(major, async (url) => {
    await withConnection(url, async (client) => {
      for (const statement of schemaOf(tables)) await client.query(statement);
      await client.query('vacuum analyze');
    });
    return withConnection(url, async (client) => ({ ...(await measureOn(url, settings, client, rounds)), tables }));
  });
}

async function measureOn(
  url: string,
  settings: Settings,
  client: Client,
  rounds: Rounds,
): Promise<Omit<Rehearsals, 'tables'>> {
  const measured = { plain: [] as number[], last: [] as number[], first: [] as number[], reopened: [] as number[] };
  const plainly = async () => {
    const { whole, last } = await plainRun(client);
    measured.plain.push(whole);
    measured.last.push(last);
  };
  for (let round = 0; round < rounds.openings; round++) {
    await inWorkspace(url, async (workspace) => {
      const storage = workspace.path('../storage');
      const environment = { ...workspace.environment, REHEARSAL_HOME: storage };
      const isKept = () => (settings.shadow === 'private' ? kept(storage) : Promise.resolve());
      measured.first.push(await opening({ ...workspace, environment }, settings, isKept));
      await plainly();
      measured.reopened.push(await opening({ ...workspace, environment }, settings));
    });
  }
  const edited = await inWorkspace(url, (workspace) => measureEdits(workspace, settings, rounds.edits, plainly));
  const plain = timesOf(measured.plain);
  const timedAs = (times: readonly number[]): Timed => withRatio(timesOf(times), plain);
  return {
    rehearsedOn: edited.rehearsedOn,
    shadow: settings.shadow,
    plain,
    plainLast: timesOf(measured.last),
    first: timedAs(measured.first),
    reopened: timedAs(measured.reopened),
    edited: { last: timedAs(edited.last), middle: timedAs(edited.middle), first: timedAs(edited.first) },
    blank: timedAs(edited.blank),
    memory: edited.memory,
  };
}

const withRatio = (times: Times, plain: Times): Timed => ({ ...times, ratio: rounded(times.median / plain.median, 2) });

const inWorkspace = <T>(url: string, use: (workspace: Workspace) => Promise<T>) =>
  withWorkspace({ [fileName]: textOf({}) }, use, { DATABASE_URL: url });

async function opening(
  workspace: Workspace,
  settings: Settings,
  beforeClosing: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const editor = await startEditor(workspace.folder, workspace.environment, settings);
  try {
    const ms = await timed(async () => {
      equal(errorsIn(await editor.open(workspace.path(fileName), textOf({}, 'last'))), 1);
    });
    await beforeClosing();
    return ms;
  } finally {
    await editor.close();
  }
}

const errorsIn = (diagnostics: readonly Diagnostic[]): number => diagnostics.filter((it) => it.severity === 1).length;

async function measureEdits(workspace: Workspace, settings: Settings, rounds: number, plainly: () => Promise<void>) {
  const editor = await startEditor(workspace.folder, workspace.environment, settings);
  try {
    equal((await editor.open(workspace.path(fileName), textOf({}))).length, 0);
    const found: Record<Place | 'blank', number[]> = { last: [], middle: [], first: [], blank: [] };
    for (let round = 0; round < rounds; round++) {
      await plainly();
      for (const place of ['last', 'middle', 'first'] as const)
        found[place].push(await editing(editor, place, 101 + round));
      await editor.edit(`\n${textOf({ first: 101 + round })}`);
      found.blank.push(await timed(() => editor.edit(`-- ${round}\n${textOf({ first: 101 + round })}`)));
    }
    const memory = { server: memoryOf(editor.pid), itsProcesses: memoryBelow(editor.pid) };
    return { ...found, memory, rehearsedOn: editor.lastCheck().split(' on ').slice(1).join(' on ') };
  } finally {
    await editor.close();
  }
}

/**
 * Somebody types at one place for a while, as people do. A mistake is made before the edit that is measured, so that its
 * going away proves that the new text was run.
 */
async function editing(editor: Editor, place: Place, variant: number): Promise<number> {
  for (const before of [1, 2]) await editor.edit(textOf({ [place]: 1_000 * before + variant }));
  equal(errorsIn(await editor.edit(textOf({}, place))), 1);
  return timed(async () => equal((await editor.edit(textOf({ [place]: variant }))).length, 0));
}

/** @param mistake where one statement is spoilt */
function textOf(variant: Variant, mistake?: Place): string {
  const statements = migration(variant).map((it, index) => {
    return mistake !== undefined && index === places[mistake] ? it.replace(/^(\w+) (\w+)/, '$1 $2 wrong wrong') : it;
  });
  return `${statements.join(';\n\n')};\n`;
}

async function plainRun(client: Client): Promise<{ readonly whole: number; readonly last: number }> {
  let last = 0;
  const whole = await timed(async () => {
    await client.query('begin');
    for (const statement of migration()) last = await timed(() => client.query(statement));
    await client.query('rollback');
  });
  return { whole, last };
}
