/** The JSON of the command line, checked by hand: names, types and nothing beside them. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { lockModes } from '../../server/engine/sql/lockModes';

type Check = (value: unknown, at: string) => void;

export const text: Check = (value, at) => equal(typeof value, 'string', `${at} is text`);
export const yesNo: Check = (value, at) => equal(typeof value, 'boolean', `${at} is true or false`);
export const number: Check = (value, at) => ok(typeof value === 'number' && value >= 0, `${at} is a number from 0 on`);
export const position: Check = (value, at) =>
  ok(Number.isInteger(value) && Number(value) >= 1, `${at} is a whole number from 1 on`);
export const oneOf =
  (...texts: readonly string[]): Check =>
  (value, at) =>
    ok(
      texts.some((it) => it === value),
      `${at} is one of ${texts.join(', ')}, not ${String(value)}`,
    );

const oneOfValues =
  (...values: readonly unknown[]): Check =>
  (value, at) =>
    ok(values.includes(value), `${at} is ${values.join(' or ')}`);

export const list =
  (item: Check): Check =>
  (value, at) => {
    ok(Array.isArray(value), `${at} is a list`);
    for (const [index, it] of value.entries()) item(it, `${at}[${index}]`);
  };

/** Names that end with `?` may be missing. */
export const shape =
  (parts: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    ok(typeof value === 'object' && value !== null && !Array.isArray(value), `${at} is an object`);
    const known = Object.entries(parts).map(([name, check]) => ({
      name: name.replace('?', ''),
      optional: name.endsWith('?'),
      check,
    }));
    const surplus = Object.keys(value).filter((key) => !known.some(({ name }) => name === key));
    deepEqual(surplus, [], `${at} has nothing else`);
    for (const { name, optional, check } of known) {
      const part: unknown = Reflect.get(value, name);
      if (optional && !(name in value)) continue;
      check(part, `${at}.${name}`);
    }
  };

const project = { folder: text, layout: oneOf('golang-migrate', 'dbmate', 'numbered'), target: text };

const place = { line: position, column: position, endLine: position, endColumn: position };

const finding = {
  ...place,
  severity: oneOf('error', 'warning', 'information', 'hint'),
  'direction?': oneOf('down'),
  code: text,
  'sqlState?': text,
  message: text,
  'detail?': text,
  'hint?': text,
  'consequenceOf?': shape({ path: text, line: position, column: position }),
  'fixes?': list(shape({ title: text, edits: list(shape({ ...place, text })) })),
};

const object = shape({ kind: text, identity: text });

const observation = shape({
  locks: list(shape({ mode: oneOf(...lockModes), object: text, kind: text, 'held?': yesNo, 'unseen?': yesNo })),
  rewrites: list(shape({ object: text, kind: text, 'unseen?': yesNo })),
  scans: list(shape({ table: text, scans: number, rows: number, 'unseen?': yesNo })),
  rows: list(shape({ table: text, inserted: number, updated: number, deleted: number, 'unseen?': yesNo })),
  created: list(object),
  altered: list(object),
  dropped: list(object),
  dependents: list(
    shape({ kind: text, identity: text, effect: oneOf('dropped', 'changed', 'mayBreak', 'invalidated') }),
  ),
  toldBy: oneOf('server', 'grammar'),
});

const outcome = {
  ...place,
  kind: oneOf('ran', 'refused', 'ended', 'skipped'),
  'ms?': number,
  'rows?': number,
  'notices?': list(shape({ severity: text, sqlState: text, message: text, 'detail?': text, 'hint?': text })),
  'observation?': observation,
  'sqlState?': text,
  'message?': text,
  'reason?': oneOf('reaches', 'psql', 'sessionEnded'),
};

const snapshot = {
  id: text,
  'name?': text,
  'pinned?': oneOfValues(true),
  'branch?': text,
  'branchGone?': oneOfValues(true),
  taken: text,
  reason: text,
  kind: oneOf('copy', 'file', 'embedded'),
  bytes: number,
  'version?': text,
  target: text,
};

const files = list(shape({ path: text, ms: number, findings: list(shape(finding)), outcomes: list(shape(outcome)) }));

export const isCheck = shape({
  engine: shape({
    version: text,
    ms: number,
    projects: list(
      shape({
        ...project,
        rehearsedOn: text,
        upon: text,
        placeBecause: text,
        placeLimits: list(text),
        place: oneOf('private', 'same-server', 'url', 'embedded'),
        serverVersion: text,
        ms: number,
        history: shape({ edited: list(text), missing: list(text), skipped: list(text), outOfOrder: list(text) }),
      }),
    ),
  }),
  files,
});

export const isStatus = shape({
  'recovered?': list(text),
  projects: list(
    shape({
      ...project,
      because: text,
      local: yesNo,
      server: text,
      historyTable: text,
      'blocked?': text,
      'problems?': list(shape({ path: text, severity: oneOf('error', 'warning'), message: text })),
      migrations: list(
        shape({
          version: text,
          title: text,
          state: oneOf('applied', 'pending', 'edited', 'missing', 'skipped'),
          'reason?': text,
          'path?': text,
        }),
      ),
    }),
  ),
});

export const isPreview = shape({
  ...project,
  changes: list(
    shape({ kind: oneOf('added', 'removed', 'changed'), type: text, name: text, 'before?': text, 'after?': text }),
  ),
  rehearsedOn: text,
  refused: number,
  errors: list(shape({ path: text, ...finding })),
  'before?': text,
  'after?': text,
});

export const isDone = shape({ ...project, kind: oneOf('done'), migrations: list(text), 'snapshot?': text, ms: number });
export const isRefused = shape({
  ...project,
  kind: oneOf('refused'),
  migrations: list(text),
  'snapshot?': text,
  version: text,
  state: text,
  path: text,
  finding: shape(finding),
});
export const isRehearsalFailed = shape({ ...project, kind: oneOf('rehearsal-failed'), rehearsedOn: text, files });
export const isCancelled = shape({
  ...project,
  kind: oneOf('cancelled'),
  migrations: list(text),
  'snapshot?': text,
  state: text,
});
export const isNothing = shape({ ...project, kind: oneOf('nothing') });
export const isTaken = shape({
  ...project,
  kind: oneOf('taken'),
  snapshot: shape(snapshot),
  ms: number,
  'dropped?': list(text),
});
export const isMarked = shape({ ...project, kind: oneOf('marked'), snapshot: shape(snapshot) });
const rowsOf = shape({ table: text, rows: number });
export const isTablesSince = shape({
  ...project,
  kind: oneOf('listed'),
  tables: list(
    shape({
      table: text,
      keyed: yesNo,
      added: number,
      changed: number,
      removed: number,
      lacking: list(rowsOf),
      orphaned: list(rowsOf),
      'obstacle?': text,
    }),
  ),
});
export const isSnapshotTables = shape({
  ...project,
  kind: oneOf('listed'),
  tables: list(
    shape({ table: text, rowsThen: number, rowsNow: number, columnsLost: list(text), columnsNew: list(text) }),
  ),
});
export const isRowsRestored = shape({
  ...project,
  kind: oneOf('rows-restored'),
  tables: list(text),
  kept: shape(snapshot),
  ms: number,
});
const numberOrNull: Check = (value, at) => (value === null ? undefined : number(value, at));
export const isDifference = shape({
  ...project,
  from: text,
  'to?': text,
  changes: list(
    shape({ kind: oneOf('added', 'removed', 'changed'), type: text, name: text, 'before?': text, 'after?': text }),
  ),
  rows: list(shape({ table: text, before: numberOrNull, after: numberOrNull })),
  'before?': text,
  'after?': text,
});
export const isDeleted = shape({ ...project, kind: oneOf('deleted'), snapshot: shape(snapshot) });
export const isSnapshots = shape({ ...project, snapshots: list(shape(snapshot)) });
export const isRestored = shape({
  ...project,
  kind: oneOf('restored'),
  kept: shape(snapshot),
  'carried?': list(text),
  ms: number,
});
export const isCreated = shape({ ...project, path: text });
export const isError = shape({ error: shape({ code: text, message: text }) });
