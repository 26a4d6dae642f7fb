/** The language server in this process, around an engine of the test's making, with an editor at its other end. */
import { PassThrough } from 'node:stream';
import {
  createConnection,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { findFolders } from '../../server/engine/layouts/find';
import type { Engine, EngineOptions, FileCheck, Project, StatementOutcome } from '../../server/engine/project';
import type { Files, World } from '../../server/engine/world';
import { serve } from '../../server/language/languageServer';
import type { Settings } from '../../server/protocol/messages';
import { connectEditor, type Editor } from '../support/editor';
import { filesOf } from '../support/files';

export type Check = (files: Files, ...asked: Parameters<Project['check']>) => ReturnType<Project['check']>;

export const first = '/workspace/migrations/1_a.sql';
export const second = '/workspace/migrations/2_b.sql';
export const third = '/workspace/migrations/3_c.sql';
export const texts = { [first]: 'select 1;\n', [second]: 'select 2;\n', [third]: 'select 3;\n' };

const emptyStatus = { server: 'PostgreSQL 18.4', historyTable: 'rehearsal.migrations', migrations: [], revertible: [] };

export const place = {
  rehearsedOn: 'nothing',
  placeBecause: 'it was chosen',
  placeLimits: ['It has no rows.'],
} as const;

/** Finds the first word `no` in each file. */
export const findNo: Check = (files, wanted, onFile) => {
  for (const path of typeof wanted === 'object' && 'open' in wanted ? wanted.open : []) {
    const start = files.read(path)?.search(/\bno\b/) ?? -1;
    const finding = { range: { start, end: start + 2 }, severity: 'error', code: 'no', message: 'found' } as const;
    onFile({ ...fileCheck, path, findings: start < 0 ? [] : [finding], outcomes: [ranAll(files.read(path) ?? '')] });
  }
  return Promise.resolve({ ...place, place: 'embedded', upon: 'nothing', serverVersion: '18.4', ms: 1 });
};

export const usualSettings: Settings = {
  folders: [],
  layout: 'auto',
  layouts: {},
  database: '',
  shadow: 'auto',
  shadowDataLimit: null,
  snapshotRetention: {},
  snapshotCompression: 'none',
  databasePerBranch: false,
  postgresBinaries: [],
  python: '',
  ruby: '',
  statementTimeout: 5_000,
  inlayHints: 'compact',
  environments: {},
  rehearsalMaxAge: 60,
};

/** One statement, that took as many milliseconds as it has characters. */
const ranAll = (text: string): StatementOutcome => {
  const end = text.trimEnd().length;
  return { kind: 'ran', range: { start: 0, end }, ms: end, notices: [] };
};

export const fileCheck: Omit<FileCheck, 'path' | 'findings' | 'outcomes'> = {
  version: '1',
  ms: 1,
  rooms: { rehearsal: 1 },
  ...place,
  rows: 'missing',
  statements: 1,
};

interface Setting {
  readonly editor: Editor;
  readonly files: ReturnType<typeof filesOf>;
  readonly engines: readonly { readonly options: EngineOptions; closed: boolean }[];
}

interface Making {
  readonly check: Check;
  readonly status?: Project['status'];
  readonly copyRows?: Project['copyRows'];
  readonly options?: unknown;
}

/** A server in this process, and an editor at its other end. */
export async function withEditor(making: Making, use: (setting: Setting) => Promise<void>): Promise<void> {
  const [toServer, toEditor] = [new PassThrough(), new PassThrough()];
  const connection = createConnection(
    ProposedFeatures.all,
    new StreamMessageReader(toServer),
    new StreamMessageWriter(toEditor),
  );
  const files = filesOf(texts);
  const engines: { options: EngineOptions; closed: boolean }[] = [];
  const world: World = {
    files,
    disk: files,
    storage: '/nowhere',
    assets: '/nowhere',
    environment: {},
    now: () => new Date(),
    log,
    tell: () => {},
  };
  function log(line: string) {
    connection.console.info(line);
  }
  const server = serve(
    connection,
    world,
    (given, options) => {
      const made = { options, closed: false };
      engines.push(made);
      return engineOf(given, options, making, () => (made.closed = true));
    },
    { retryMs: 1 },
  );
  connection.listen();
  const editor = connectEditor(toEditor, toServer);
  await editor.initialize(['/workspace'], making.options ?? {});
  try {
    await use({ editor, files, engines });
  } finally {
    editor.connection.dispose();
    await server.close();
    connection.dispose();
  }
}

/** Real folders and layouts, and checks of the test's making; what the test does not ask for is not there. */
function engineOf(
  { files }: World,
  { roots }: EngineOptions,
  { check, status, copyRows }: Making,
  onClose: () => void,
): Engine {
  const project = (folder: Project['folder']): Partial<Project> => ({
    folder,
    target: { id: 'x', label: 'x@localhost', name: 'x', local: true, engine: 'server', because: 'test' },
    check: (...asked) => check(files, ...asked),
    refresh: () => undefined,
    refreshIfMoved: () => Promise.resolve('same'),
    copyRows: copyRows ?? (() => Promise.resolve(false)),
    status: status ?? (() => Promise.resolve(emptyStatus)),
  });
  return {
    projects: () => Promise.resolve(findFolders(roots, files).map((folder) => project(folder) as Project)),
    close: () => Promise.resolve(onClose()),
  };
}

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
