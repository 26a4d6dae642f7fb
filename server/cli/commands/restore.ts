/** `rehearsal restore`: puts a snapshot in the target's place, or some of its rows; what was there is kept as a snapshot. */
import { Fault } from '../../engine/base/fault';
import type { Project, Snapshot } from '../../engine/project';
import { consentTo, unlessBusy } from '../consent';
import { commonOptions, consentOptions, retentionOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { harmless } from '../render/cells';
import { jsonProject, jsonSnapshot, rounded } from '../render/json';
import { renderTables, renderTablesSince } from '../render/tables';
import { duration, timeOf } from '../render/words';
import { declined } from '../result';
import { restoreLine, snapshotNamed } from '../snapshots';
import type { Call, Command, ExitCode } from './command';

export const restore: Command = {
  name: 'restore',
  words: '<snapshot>',
  changes: true,
  options: ['tables', 'carry-over', 'dry-run', ...retentionOptions, ...consentOptions, ...commonOptions],
  says: 'go back to a snapshot, wholly or for some tables',
  more: [
    'The database gets the state of the snapshot by a swap of names; what it replaces is kept as a snapshot of its own.',
    'A part of its id or of its name that no other has is enough. Asks before it begins, unless --yes is given.',
    '',
    '--carry-over: tables that no migration since has touched keep the rows that they have now, deleted ones stay deleted.',
    '--tables: only these tables get the rows of the snapshot, in one transaction, and the schema stays as it is.',
    'With --dry-run each tells first which tables there are and what would become of their rows.',
  ].join('\n'),
  exits: { 0: 'done', 1: 'you did not agree' },
  examples: [
    'rehearsal snapshots',
    'rehearsal restore 20260102030405 --yes --disconnect',
    'rehearsal restore 20260102030405 --carry-over all --dry-run',
    'rehearsal restore 20260102030405 --tables orders,billing.invoice',
  ],
  async run(call) {
    const { words, values } = call;
    const [word, ...others] = words;
    if (word === undefined || others.length > 0) {
      throw new Fault('bad-usage', 'name one snapshot; rehearsal snapshots lists them.');
    }
    const tables = namesIn('tables', values.tables);
    const carry = values['carry-over'] === 'all' ? 'all' : namesIn('carry-over', values['carry-over']);
    if (tables && carry) throw new Fault('bad-usage', '--tables and --carry-over exclude each other.');
    if (values['dry-run'] && !tables && !carry)
      throw new Fault('bad-usage', '--dry-run tells of rows: add --tables or --carry-over.');
    const project = await oneProject(call);
    const chosen = snapshotNamed(word, await project.snapshots(call.signal));
    const about = { project, chosen, call };
    if (tables) return restoreRows(tables, about);
    return restoreAll(carry, about);
  },
};

interface About {
  readonly project: Project;
  readonly chosen: Snapshot;
  readonly call: Call;
}

async function restoreAll(carry: readonly string[] | 'all' | undefined, about: About): Promise<ExitCode> {
  const { project, chosen, call } = about;
  const { terminal, values, json, print, signal } = call;
  const { label } = project.target;
  if (carry) {
    terminal.progress('Comparing rows…');
    const since = await project.tablesSince(chosen.id, signal);
    terminal.progress(undefined);
    if (values['dry-run'] && json) print({ ...known(about), kind: 'listed', tables: since });
    else if (values['dry-run']) terminal.out(renderTablesSince(since, terminal.paint));
    else if (!json) terminal.say(renderTablesSince(since, terminal.paintMessage).trimEnd());
    if (values['dry-run']) return 0;
  }
  const keeps = carry
    ? ` and carry over ${carry === 'all' ? 'all rows that can be' : `the rows of ${carry.join(', ')}`}`
    : '';
  const question = `Restore ${label} to the snapshot of ${timeOf(chosen.taken)} (${harmless(chosen.reason)})${keeps}? What is there now is kept as a snapshot.`;
  const consent = await consentTo(question, project.target, call);
  if (!consent) return declined(call);
  terminal.progress(`Restoring ${label}…`);
  const attempt = (agreed: typeof consent) =>
    project.restore(chosen.id, { ...agreed, ...(carry === undefined ? {} : { carry }) }, signal);
  const result = await unlessBusy(attempt, consent, call);
  terminal.progress(undefined);
  if (!result) return declined(call);
  const { kept, ms, carried } = result;
  const extra = carry ? { carried } : {};
  if (json) print({ ...known(about), kind: 'restored', kept: jsonSnapshot(kept), ...extra, ms: rounded(ms) });
  else {
    const over = carry ? ` Carried over: ${carried.length === 0 ? 'nothing' : carried.join(', ')}.` : '';
    terminal.out(`Restored ${label} in ${duration(ms)}.${over} To undo: ${restoreLine(kept.id, values)}\n`);
  }
  return 0;
}

async function restoreRows(tables: readonly string[], about: About): Promise<ExitCode> {
  const { project, chosen, call } = about;
  const { terminal, values, json, print, signal } = call;
  const { label } = project.target;
  terminal.progress('Counting rows…');
  const all = await project.snapshotTables(chosen.id, signal);
  terminal.progress(undefined);
  const isMeant = (table: string, word: string) => table === word || table.endsWith(`.${word}`);
  const meant = all.filter(({ table }) => tables.some((it) => isMeant(table, it)));
  if (values['dry-run']) {
    const unknown = tables.find((it) => !all.some(({ table }) => isMeant(table, it)));
    if (unknown !== undefined)
      throw new Fault('bad-usage', `there is no table ${unknown}; there are ${all.map((it) => it.table).join(', ')}.`);
    if (json) print({ ...known(about), kind: 'listed', tables: meant });
    else terminal.out(renderTables(meant, terminal.paint));
    return 0;
  }
  if (!json) terminal.say(renderTables(meant, terminal.paintMessage).trimEnd());
  const question = `Give ${tables.join(', ')} on ${label} the rows of the snapshot of ${timeOf(chosen.taken)}? All that is there now is kept as a snapshot.`;
  const consent = await consentTo(question, project.target, call);
  if (!consent) return declined(call);
  terminal.progress(`Restoring rows of ${label}…`);
  const result = await unlessBusy((agreed) => project.restoreTables(chosen.id, tables, agreed, signal), consent, call);
  terminal.progress(undefined);
  if (!result) return declined(call);
  const { kept, ms } = result;
  if (json)
    print({ ...known(about), kind: 'rows-restored', tables: result.tables, kept: jsonSnapshot(kept), ms: rounded(ms) });
  else
    terminal.out(
      `Restored the rows of ${result.tables.join(', ')} in ${duration(ms)}. To undo: ${restoreLine(kept.id, values)}\n`,
    );
  return 0;
}

/** @throws {Fault} `bad-usage` */
function namesIn(option: string, list: string | undefined): readonly string[] | undefined {
  if (list === undefined) return undefined;
  const names = list.split(',').map((it) => it.trim());
  if (names.some((it) => it === ''))
    throw new Fault('bad-usage', `--${option} wants names of tables, set apart by commas.`);
  return names;
}

const known = ({ project, call }: About) => jsonProject(project, callPlaces(call));
