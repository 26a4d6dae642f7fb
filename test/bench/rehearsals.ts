/** How long a rehearsal takes from the editor's side, and how long plain Postgres takes for the same statements. */
import { equal } from 'node:assert/strict';
import { Client } from 'pg';
import type { Diagnostic } from 'vscode-languageserver-protocol';
import { withWorkspace, type Workspace } from '../support/commandLine';
import { binariesOf, type Major, withDatabase } from '../support/servers';
import { type Editor, startEditor } from './editor';
import { migration, schemaOf } from './generate';
import { type Memory, memoryBelow, memoryOf, rounded, timed, type Times, timesOf } from './measure';

/** Which statement an edit changes. */
const edits = { last: 39, middle: 20, first: 0 } as const;
type Edit = keyof typeof edits;

export interface Rehearsals {
  /** Where the server says that it rehearsed. */
  readonly rehearsedOn: string;
  readonly shadow: string;
  /** `pg` running the forty statements in one transaction on the target, and rolling back. */
  readonly plain: Times;
  /** From didOpen to the first diagnostics, in a server that was started for it, with nothing prepared. */
  readonly first: Timed;
  /** The same with what an earlier server of the same folder left prepared. */
  readonly reopened: Timed;
  /** From didChange to the diagnostics of that version; pauses that the server makes on purpose are in it. */
  readonly edited: Readonly<Record<Edit, Timed>>;
  readonly memory: { readonly server: Memory; readonly itsProcesses: Memory | undefined };
}

/** `ratio`: the median as a multiple of the plain one. */
export interface Timed extends Times {
  readonly ratio: number;
}

const tables = 200;
const fileName = 'migrations/001_flags.sql';

export interface Rounds {
  readonly openings: number;
  readonly edits: number;
}

type Settings = Readonly<Record<string, unknown>>;

export async function measureRehearsals(major: Major, shadow: string, rounds: Rounds): Promise<Rehearsals> {
  const settings = { shadow, postgresBinaries: [binariesOf(major)] };
  return withDatabase(major, async (url) => {
    await withClient(url, async (client) => {
      for (const statement of schemaOf(tables)) await client.query(statement);
      await client.query('analyze');
    });
    const measured = { plain: [] as number[], first: [] as number[], reopened: [] as number[] };
    const plainly = async () => void measured.plain.push(await withClient(url, plainRun));
    for (let round = 0; round < rounds.openings; round++) {
      await inWorkspace(url, async (workspace) => {
        measured.first.push(await opening(workspace, settings));
        await plainly();
        measured.reopened.push(await opening(workspace, settings));
      });
    }
    const edited = await inWorkspace(url, (workspace) => measureEdits(workspace, settings, rounds.edits, plainly));
    const plain = timesOf(measured.plain);
    const timedAs = (times: readonly number[]): Timed => withRatio(timesOf(times), plain);
    return {
      rehearsedOn: edited.rehearsedOn,
      shadow,
      plain,
      first: timedAs(measured.first),
      reopened: timedAs(measured.reopened),
      edited: { last: timedAs(edited.last), middle: timedAs(edited.middle), first: timedAs(edited.first) },
      memory: edited.memory,
    };
  });
}

const withRatio = (times: Times, plain: Times): Timed => ({ ...times, ratio: rounded(times.median / plain.median, 2) });

const inWorkspace = <T>(url: string, use: (workspace: Workspace) => Promise<T>) =>
  withWorkspace({ [fileName]: textWith(undefined) }, use, { DATABASE_URL: url });

async function opening(workspace: Workspace, settings: Settings): Promise<number> {
  const editor = await startEditor(workspace.folder, workspace.environment, settings);
  try {
    return await timed(async () => equal(errorsIn(await editor.open(workspace.path(fileName), textWith('last'))), 1));
  } finally {
    await editor.close();
  }
}

const errorsIn = (diagnostics: readonly Diagnostic[]): number => diagnostics.filter((it) => it.severity === 1).length;

/** Breaks one statement and mends it again, so that the diagnostics prove that the very text was run. */
async function measureEdits(workspace: Workspace, settings: Settings, rounds: number, plainly: () => Promise<void>) {
  const editor = await startEditor(workspace.folder, workspace.environment, settings);
  try {
    equal((await editor.open(workspace.path(fileName), textWith(undefined))).length, 0);
    const found: Record<Edit, number[]> = { last: [], middle: [], first: [] };
    for (let round = 0; round < rounds; round++) {
      await plainly();
      for (const edit of ['last', 'middle', 'first'] as const) {
        found[edit].push(await mended(editor, edit));
      }
    }
    const memory = { server: memoryOf(editor.pid), itsProcesses: memoryBelow(editor.pid) };
    return { ...found, memory, rehearsedOn: editor.lastCheck().split(' on ').slice(1).join(' on ') };
  } finally {
    await editor.close();
  }
}

/** Time of the edit that makes the file right again: then all forty statements run. */
async function mended(editor: Editor, edit: Edit): Promise<number> {
  const broken = await editor.edit(textWith(edit));
  equal(errorsIn(broken), 1);
  return timed(async () => equal((await editor.edit(textWith(undefined))).length, 0));
}

/** The migration, with a mistake in one statement. */
function textWith(mistake: Edit | undefined): string {
  const statements = migration.map((it, index) => {
    return mistake !== undefined && index === edits[mistake] ? it.replace(/^(\w+) (\w+)/, '$1 $2 wrong wrong') : it;
  });
  return `${statements.join(';\n\n')};\n`;
}

async function plainRun(client: Client): Promise<number> {
  return timed(async () => {
    await client.query('begin');
    for (const statement of migration) await client.query(statement);
    await client.query('rollback');
  });
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
