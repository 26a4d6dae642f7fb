/** The language server around an engine of our making: what is published when, for which version, and what never is. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { Fault } from '../../server/engine/base/fault';
import { findFolders } from '../../server/engine/layouts/find';
import { uriOf } from '../../server/language/uri';
import { ListProjectsRequest, RehearseRequest, SettingsChanged, TrustGranted } from '../../server/protocol/messages';
import { sameTold, told } from '../support/editor';
import { filesOf } from '../support/files';
import {
  aborted,
  type Check,
  fileCheck,
  findNo,
  first,
  place,
  second,
  texts,
  third,
  usualSettings,
  withEditor,
} from './checking';

describe('background checks', () => {
  it('publish findings for the version they were made from', async () => {
    await withEditor({ check: findNo }, async ({ editor }) => {
      editor.open(first, 'select no;\n');
      sameTold(await editor.diagnostics(first, 1), ['1:8-1:10 no found']);
      const version = editor.replace(first, 'no', 'yes, no');
      sameTold(await editor.diagnostics(first, version), ['1:13-1:15 no found']);
      editor.replace(first, 'yes, no', '1');
      sameTold(await editor.diagnostics(first), []);
    });
  });

  it('check all open migrations of a project together, in their order', async () => {
    const wanted: unknown[] = [];
    const check: Check = (files, ...asked) => {
      wanted.push(asked[0]);
      return findNo(files, ...asked);
    };
    await withEditor({ check }, async ({ editor }) => {
      editor.open(second, 'select 2;\n');
      await editor.diagnostics(second);
      editor.open(first, 'no');
      await editor.diagnostics(first);
      await editor.until(() => wanted.length >= 2 && editor.published.length >= 3, 'the second check');
      deepEqual(wanted.at(-1), { open: [first, second] });
    });
  });

  it('end a check whose text is out of date, and publish nothing of it', async () => {
    let runs = 0;
    const check: Check = async (files, ...asked) => {
      if (++runs > 1) return findNo(files, ...asked);
      await aborted(asked[2]);
      return findNo(files, ...asked);
    };
    await withEditor({ check }, async ({ editor }) => {
      editor.open(first, 'no');
      await editor.until(() => runs === 1, 'the first check');
      const version = editor.edit(first, '1');
      sameTold(await editor.diagnostics(first, version), []);
      deepEqual(
        editor.published.map((it) => it.version),
        [version],
      );
    });
  });

  it('never run two checks of a project at once', async () => {
    let [running, most] = [0, 0];
    const check: Check = async (files, ...asked) => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      const result = await findNo(files, ...asked);
      running--;
      return result;
    };
    await withEditor({ check }, async ({ editor }) => {
      editor.open(first, 'no');
      for (let edit = 0; edit < 20; edit++) {
        editor.edit(first, `no ${edit}`);
        if (edit % 3 === 0) await new Promise(setImmediate);
      }
      await editor.diagnostics(first);
      equal(most, 1);
    });
  });

  it('say on the first line why a file could not be checked, once, and in the list', async () => {
    const message =
      'Postgres does not answer: localhost:5432 refused the connection. Start the server or choose another database.';
    await withEditor({ check: noServer }, async ({ editor }) => {
      editor.open(first, '-- one\n');
      sameTold(await editor.diagnostics(first), [`1:1-1:7 not-checked Not rehearsed. ${message}`]);
      const [project] = await editor.connection.sendRequest(ListProjectsRequest);
      deepEqual(project?.fault, { fault: 'no-server', remedy: 'rehearsal.chooseDatabase', message });
      equal(editor.log.filter((line) => line.includes('does not answer')).length, 1);
    });
  });

  it('try once more when a shadow or a connection died', async () => {
    let runs = 0;
    const check: Check = (files, ...asked) =>
      ++runs === 1 ? Promise.reject(new Fault('shadow-lost', 'It was ended.')) : findNo(files, ...asked);
    await withEditor({ check }, async ({ editor }) => {
      editor.open(first, 'no');
      sameTold(await editor.diagnostics(first), ['1:1-1:3 no found']);
    });
  });

  it('try again by themselves while the server does not answer, and tell of it once', async () => {
    let runs = 0;
    const check: Check = (...asked) => (++runs < 4 ? noServer(...asked) : findNo(...asked));
    await withEditor({ check }, async ({ editor }) => {
      editor.open(first, 'no');
      await editor.until(() => runs === 4 && editor.states.at(-1)?.kind === 'rehearsed', 'the fourth check');
      deepEqual(editor.states.at(-1), { ...place, uri: uriOf(first), kind: 'rehearsed', ms: 1, errors: 1 });
      sameTold(await editor.diagnostics(first), ['1:1-1:3 no found']);
      equal(editor.log.filter((line) => line.includes('does not answer')).length, 1);
    });
  });

  it('survive a defect of ours, tell of it, and go on', async () => {
    let runs = 0;
    const check: Check = (files, ...asked) => {
      if (++runs === 1) throw new TypeError('x is not a function');
      return findNo(files, ...asked);
    };
    await withEditor({ check }, async ({ editor }) => {
      editor.open(first, 'no');
      match(
        told(await editor.diagnostics(first))[0] ?? '',
        /not-checked .*defect in Rehearsal \(x is not a function\)/,
      );
      editor.edit(first, 'no no');
      sameTold(await editor.diagnostics(first), ['1:1-1:3 no found']);
    });
  });

  it('check again by themselves when rows have been copied, once they are there', async () => {
    let [runs, copies] = [0, 0];
    const check: Check = (files, ...asked) => {
      runs++;
      return findNo(files, ...asked);
    };
    const copyRows = () => Promise.resolve(++copies === 1);
    await withEditor({ check, copyRows }, async ({ editor }) => {
      editor.open(first, 'no');
      await editor.until(() => copies === 2, 'the copy after the second check');
      equal(runs, 2);
    });
  });

  it('take diagnostics away when a file is closed, and leave other files alone', async () => {
    await withEditor({ check: findNo }, async ({ editor }) => {
      editor.open('/workspace/notes.sql', 'no');
      editor.open('untitled:Untitled-1', 'no');
      editor.open(first, 'no');
      await editor.diagnostics(first);
      editor.close(first);
      await editor.until(() => editor.published.at(-1)?.diagnostics.length === 0, 'the clearing');
      deepEqual(new Set(editor.published.map(({ uri }) => uri)), new Set([uriOf(first)]));
      deepEqual(
        editor.states.map(({ uri, kind }) => [uri, kind]),
        ['running', 'rehearsed', 'none'].map((kind) => [uriOf(first), kind]),
      );
    });
  });

  it('leave what was told of a pending migration when it is closed as it was saved', async () => {
    const { migrations } = findFolders(['/workspace'], filesOf(texts))[0] ?? { migrations: [] };
    const pending = migrations.map((migration) => ({ version: '', title: '', state: 'pending', migration }) as const);
    const status = () => Promise.resolve({ server: '', historyTable: '', migrations: pending, revertible: [] });
    await withEditor({ check: findNo, status }, async ({ editor, files }) => {
      files.texts.set(first, 'no');
      editor.open(first, 'no');
      await editor.diagnostics(first);
      const before = editor.published.length;
      editor.close(first);
      await editor.until(() => editor.published.length === before + 2, 'what is told after closing');
      deepEqual(
        editor.published.slice(before).map(({ diagnostics }) => diagnostics.length),
        [0, 1],
      );
      editor.open(first, 'yes');
      await editor.until(() => editor.states.at(-1)?.kind === 'rehearsed', 'the next check');
      deepEqual(editor.published.at(-1)?.diagnostics, []);
    });
  });

  it('see what is typed, also in other open files, and the disk again after closing', async () => {
    const seen: string[] = [];
    const check: Check = (files, ...asked) => {
      seen.push(files.read(first) ?? '');
      return findNo(files, ...asked);
    };
    await withEditor({ check }, async ({ editor }) => {
      editor.open(first, '\uFEFFtyped');
      editor.open(second, '2');
      await editor.diagnostics(second);
      await editor.diagnostics(first);
      const checks = seen.length;
      editor.close(first);
      await editor.until(() => seen.length > checks, 'the check after closing');
      deepEqual([seen[0], seen.at(-1)], ['typed', 'select 1;\n']);
    });
  });

  it('begin for a file that came after the folders were looked up', async () => {
    await withEditor({ check: findNo }, async ({ editor, files }) => {
      editor.open(first, '1');
      await editor.diagnostics(first);
      files.texts.set('/workspace/migrations/4_d.sql', 'no');
      editor.open('/workspace/migrations/4_d.sql', 'no');
      sameTold(await editor.diagnostics('/workspace/migrations/4_d.sql'), ['1:1-1:3 no found']);
    });
  });

  it('do nothing in Restricted Mode, until trust is granted', async () => {
    await withEditor({ check: findNo, options: { trusted: false } }, async ({ editor, engines }) => {
      editor.open(first, 'create table no ();\n');
      deepEqual(await editor.connection.sendRequest(ListProjectsRequest), []);
      const outline = await editor.connection.sendRequest<{ name: string; children: { name: string }[] }[]>(
        'textDocument/documentSymbol',
        { textDocument: { uri: uriOf(first) } },
      );
      deepEqual(
        outline.map(({ name, children }) => [name, children.map((it) => it.name)]),
        [['up', ['create table no']]],
      );
      equal(engines.length, 0);
      equal(editor.published.length, 0);
      await editor.connection.sendNotification(TrustGranted);
      sameTold(await editor.diagnostics(first), ['1:14-1:16 no found']);
    });
  });

  it('make another engine for other settings, and close the old one', async () => {
    await withEditor({ check: findNo }, async ({ editor, engines }) => {
      editor.open(first, 'no');
      await editor.diagnostics(first);
      const before = editor.published.length;
      await editor.connection.sendNotification(SettingsChanged, {
        folders: ['migrations'],
        layout: 'numbered',
        layouts: { other: 'goose' },
        database: 'embedded',
        shadow: 'private',
        shadowDataLimit: null,
        snapshotRetention: { days: 30, megabytes: 5, count: 0 },
        snapshotCompression: 'gzip',
        databasePerBranch: true,
        postgresBinaries: ['/opt/pg'],
        python: '',
        ruby: '',
        statementTimeout: 1_000,
        inlayHints: 'off',
        environments: { staging: { variable: 'STAGING', role: 'staging' } },
        rehearsalMaxAge: 5,
      });
      await editor.until(() => editor.published.length > before, 'the check with the new engine');
      equal(engines.length, 2);
      equal(engines[0]?.closed, true);
      const made = engines[1]?.options;
      const { target, layouts, requireIdempotent, ...options } = made ?? {};
      deepEqual(options, {
        roots: ['/workspace'],
        folders: ['/workspace/migrations'],
        layout: 'numbered',
        observe: 'off',
        statementMs: 1_000,
        shadow: 'private',
        shadowDataLimit: undefined,
        snapshots: { packed: 'gzip', retention: { days: 30, bytes: 5_000_000 } },
        binaries: ['/opt/pg'],
        interpreters: {},
        environments: { staging: { variable: 'STAGING', role: 'staging' } },
        environmentPasswords: {},
        rehearsalMaxAge: 5,
        onAsking: made?.onAsking,
      });
      deepEqual(target?.('/workspace/migrations'), { kind: 'embedded' });
      deepEqual([layouts?.('/workspace/other'), layouts?.('/workspace/migrations')], ['goose', undefined]);
      equal(requireIdempotent?.('/workspace/migrations'), false);
    });
  });

  it('answer a hover with what the newest text does, and wait for that', async () => {
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    let runs = 0;
    const check: Check = async (...asked) => {
      if (++runs > 1) await gate;
      return findNo(...asked);
    };
    await withEditor({ check }, async ({ editor }) => {
      editor.open(first, 'select 1;\n');
      await editor.diagnostics(first);
      const hover = () =>
        editor.connection.sendRequest('textDocument/hover', {
          textDocument: { uri: uriOf(first) },
          position: { line: 0, character: 0 },
        });
      const told = async () => JSON.stringify(await hover());
      match(await told(), /Ran.*in 9\.0 ms/);
      editor.edit(first, 'select 12345;\n');
      const asked = told();
      await editor.until(() => runs > 1, 'the second check');
      go();
      match(await asked, /Ran.*in 13 ms/);
      await editor.connection.sendNotification(SettingsChanged, { ...usualSettings, inlayHints: 'full' });
      const hints = await editor.connection.sendRequest<readonly { readonly label: string }[]>(
        'textDocument/inlayHint',
        {
          textDocument: { uri: uriOf(first) },
          range: { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } },
        },
      );
      deepEqual(
        hints.map(({ label }) => label),
        ['13 ms'],
      );
    });
  });

  it('leave hints where their statements are now, whatever was typed since they were asked for', async () => {
    let runs = 0;
    const check: Check = async (files, ...asked) => {
      if (++runs === 2) await aborted(asked[2]);
      return findNo(files, ...asked);
    };
    const options = { settings: { ...usualSettings, inlayHints: 'full' } };
    await withEditor({ check, options }, async ({ editor }) => {
      editor.open(first, 'select 1;\n');
      await editor.diagnostics(first);
      editor.edit(first, 'select 123;\n');
      const asked = editor.connection.sendRequest('textDocument/inlayHint', {
        textDocument: { uri: uriOf(first) },
        range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } },
      });
      await editor.until(() => runs > 1, 'the second check');
      editor.edit(first, '-- one\n-- two\nselect 1234;\n');
      match(JSON.stringify(await asked), /^\[\{"position":\{"line":2,"character":12\},"label":"26 ms"/);
    });
  });

  it('keep what a second look has told of the same text until the next one, in files that are open and others', async () => {
    const third = '/workspace/migrations/3_c.sql';
    const range = { start: 0, end: 6 };
    const finding = { range, severity: 'warning', code: 'body-refused', message: 'body' } as const;
    let runs = 0;
    const check: Check = (files, _wanted, onFile, signal) => {
      runs++;
      // A check that was confirmed too late, or was tried again, tells of a file more than once.
      for (const path of runs === 2 ? [first, third, first, third] : [first, third]) {
        const findings = runs === 1 || (runs === 3 && path === first) ? [finding] : [];
        onFile({ ...fileCheck, path, findings, outcomes: [], ...(runs === 2 ? { unlooked: true } : {}) });
      }
      return findNo(files, [], onFile, signal);
    };
    await withEditor({ check }, async ({ editor }) => {
      const last = (path: string) => editor.published.findLast(({ uri }) => uri === uriOf(path))?.diagnostics;
      const counts = () => [first, third].map((path) => last(path)?.length);
      editor.open(first, texts[first]);
      await editor.until(() => counts().every((it) => it === 1), 'the first check');
      for (const expected of [
        [1, 1],
        [1, 0],
      ]) {
        await editor.connection.sendRequest(RehearseRequest, { uri: uriOf(first) });
        deepEqual(counts(), expected);
      }
    });
  });

  it('rehearse again on request, and answer when the result is published', async () => {
    await withEditor({ check: findNo }, async ({ editor }) => {
      editor.open(first, 'no');
      await editor.diagnostics(first);
      const before = editor.published.length;
      const result = await editor.connection.sendRequest(RehearseRequest, { uri: uriOf(first) });
      equal(editor.published.length, before + 1);
      deepEqual(result, { rehearsed: 1, failed: 0, errors: 1, warnings: 0 });
      editor.open(second, 'select 2;\n');
      const all = await editor.connection.sendRequest(RehearseRequest, {});
      deepEqual(all, { rehearsed: 2, failed: 0, errors: 1, warnings: 0 });
      const closed = await editor.connection.sendRequest(RehearseRequest, { uri: uriOf(third) });
      deepEqual(closed, { rehearsed: 0, failed: 0, errors: 0, warnings: 0 });
    });
  });

  it('tell who has asked for it that nothing could be rehearsed', async () => {
    await withEditor({ check: noServer }, async ({ editor }) => {
      editor.open(first, 'no');
      const result = await editor.connection.sendRequest(RehearseRequest, {});
      deepEqual(result, { rehearsed: 0, failed: 1, errors: 0, warnings: 0 });
    });
  });
});

const noServer: Check = () => Promise.reject(new Fault('no-server', 'localhost:5432 refused the connection.'));
