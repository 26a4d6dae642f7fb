/** `rehearsal snapshots`: lists the snapshots of the target, names and pins them, deletes one, or compares two. */
import { Fault } from '../../engine/base/fault';
import type { Project, Snapshot, SnapshotDifference, SnapshotMark } from '../../engine/project';
import { consentTo } from '../consent';
import { commonOptions, consentOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { harmless, padded, widest } from '../render/cells';
import { renderChangeCounts, renderChanges, renderWhole } from '../render/changes';
import { jsonProject, jsonSnapshot } from '../render/json';
import { renderSnapshots } from '../render/snapshots';
import { bytes, timeOf } from '../render/words';
import { declined } from '../result';
import { snapshotNamed } from '../snapshots';
import type { Call, Command, ExitCode } from './command';

export const snapshots: Command = {
  name: 'snapshots',
  words: '[list | rename | pin | unpin | delete | diff] [<snapshot>…]',
  changes: true,
  options: ['full', ...consentOptions, ...commonOptions],
  says: 'list, rename, pin, delete or compare the snapshots of the database',
  more: [
    'rename <snapshot> <name…>     give it a name, or none where no name is given',
    'pin, unpin <snapshot>         a pinned one stays whatever --keep-count says, and is not used up by a restore',
    'delete <snapshot>             asks first, unless --yes is given, and cannot be taken back',
    'diff <snapshot> [<snapshot>]  schema and row counts, from the first to the second, or to the database now',
    '',
    'A snapshot is named by its id, its name, or a part of either that no other has. Copies carry all that is said of',
    'them on the server, so that every machine that connects to it lists the same.',
  ].join('\n'),
  exits: { 0: 'done', 1: 'you did not agree' },
  examples: [
    'rehearsal snapshots',
    'rehearsal snapshots rename 20260102030405 before the big change',
    'rehearsal snapshots pin "before the big change"',
    'rehearsal snapshots diff 20260102030405 --full',
  ],
  async run(call) {
    const [verb = 'list', ...words] = call.words;
    const [word, ...others] = words;
    if (verb === 'list' && word === undefined) return show(call);
    if (verb === 'list') throw new Fault('bad-usage', `list takes no more words, and "${word}" is one.`);
    if (word === undefined) throw new Fault('bad-usage', 'name a snapshot; rehearsal snapshots lists them.');
    if (verb === 'diff') return diff(word, others, call);
    if (verb === 'rename') return mark(word, { name: others.join(' ') }, call);
    const [extra] = others;
    if (extra !== undefined) throw new Fault('bad-usage', `${verb} takes one snapshot; "${extra}" is too much.`);
    switch (verb) {
      case 'pin':
        return mark(word, { pinned: true }, call);
      case 'unpin':
        return mark(word, { pinned: false }, call);
      case 'delete':
        return remove(word, call);
      default:
        throw new Fault('bad-usage', `there is no "${verb}"; there are list, rename, pin, unpin, delete and diff.`);
    }
  },
};

async function show(call: Call): Promise<ExitCode> {
  const project = await oneProject(call);
  const all = await project.snapshots(call.signal);
  if (call.json) call.print({ ...known(project, call), snapshots: all.map(jsonSnapshot) });
  else call.terminal.out(renderSnapshots(all, call.terminal.paint));
  return 0;
}

async function remove(word: string, call: Call): Promise<ExitCode> {
  const { terminal, json, print, signal } = call;
  const project = await oneProject(call);
  const chosen = snapshotNamed(word, await project.snapshots(signal));
  const { target } = project;
  const question = `Delete the snapshot of ${target.label} of ${timeOf(chosen.taken)} (${harmless(chosen.reason)})? It cannot be brought back.`;
  const consent = await consentTo(question, target, call);
  if (!consent) return declined(call);
  terminal.progress(`Deleting a snapshot of ${target.label}…`);
  await project.deleteSnapshot(chosen.id, consent, signal);
  terminal.progress(undefined);
  if (json) print({ ...known(project, call), kind: 'deleted', snapshot: jsonSnapshot(chosen) });
  else terminal.out(`Deleted snapshot ${chosen.id} of ${target.label} (${bytes(chosen.bytes)}).\n`);
  return 0;
}

async function mark(word: string, wanted: SnapshotMark, call: Call): Promise<ExitCode> {
  const { terminal, values, json, print, signal } = call;
  const project = await oneProject(call);
  const chosen = snapshotNamed(word, await project.snapshots(signal));
  // Nothing is lost by it: who has no terminal to be asked on is not held up.
  const consent = { disconnect: false, ...(values.confirm !== undefined && { confirmedName: values.confirm }) };
  const marked = await project.markSnapshot(chosen.id, wanted, consent, signal);
  if (json) print({ ...known(project, call), kind: 'marked', snapshot: jsonSnapshot(marked) });
  else terminal.out(`${describe(marked)}\n`);
  return 0;
}

const describe = ({ id, name, pinned }: Snapshot): string =>
  `${id} ${name === undefined ? 'has no name' : `is called "${harmless(name)}"`}, and is ${pinned ? '' : 'not '}pinned.`;

async function diff(word: string, others: readonly string[], call: Call): Promise<ExitCode> {
  const { terminal, values, json, print, signal } = call;
  const [second, extra] = others;
  if (extra !== undefined) throw new Fault('bad-usage', `diff takes two snapshots at most; "${extra}" is too much.`);
  const project = await oneProject(call);
  const all = await project.snapshots(signal);
  const from = snapshotNamed(word, all);
  const to = second === undefined ? undefined : snapshotNamed(second, all);
  terminal.progress('Comparing…');
  const found = await project.compareSnapshots(from.id, to?.id, signal);
  terminal.progress(undefined);
  if (json) {
    const { before, after, changes, rows } = found;
    const texts = values.full ? { before, after } : {};
    print({ ...known(project, call), from: from.id, ...(to && { to: to.id }), changes, rows, ...texts });
    return 0;
  }
  const later = to ? `the snapshot ${calledOf(to)}` : `${project.target.label} now`;
  terminal.out(values.full ? renderWhole(found, terminal.paint) : renderChanges(found.changes, terminal.paint));
  terminal.out(renderRows(found));
  terminal.out(`From the snapshot ${calledOf(from)} to ${later}: ${renderChangeCounts(found.changes)}\n`);
  return 0;
}

const calledOf = ({ id, name }: Snapshot): string => (name === undefined ? id : `"${harmless(name)}"`);

/** Only tables with another number of rows. */
function renderRows({ rows }: SnapshotDifference): string {
  const others = rows.filter(({ before, after }) => before !== after);
  if (others.length === 0) return '';
  const count = (rowsOf: number | null): string => (rowsOf === null ? 'none' : String(rowsOf));
  const lines = others.map(({ table, before, after }) => [harmless(table), `${count(before)} → ${count(after)} rows`]);
  const width = widest(lines.map(([table = '']) => table));
  return `${lines.map(([table = '', change = '']) => `${padded(table, width)}  ${change}\n`).join('')}\n`;
}

const known = (project: Project, call: Call) => jsonProject(project, callPlaces(call));
