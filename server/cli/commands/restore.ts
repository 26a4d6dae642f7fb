/** `rehearsal restore`: puts a snapshot in the target's place; the replaced database is kept as a snapshot. */
import { Fault } from '../../engine/base/fault';
import { consentTo, unlessBusy } from '../consent';
import { commonOptions, consentOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { duration } from '../render/findings';
import { jsonProject, jsonSnapshot, rounded } from '../render/json';
import { declined } from '../result';
import { harmless } from '../render/cells';
import { snapshotNamed, timeOf } from '../snapshots';
import type { Command } from './command';

export const restore: Command = {
  name: 'restore',
  words: '<snapshot>',
  changes: true,
  options: [...consentOptions, ...commonOptions],
  says: 'go back to a snapshot',
  more: [
    'The database gets the state of the snapshot by a swap of names; what it replaces is kept as a snapshot of its own.',
    'A part of its id that no other has is enough. Asks before it begins, unless --yes is given.',
  ].join('\n'),
  examples: ['rehearsal snapshot --list', 'rehearsal restore 20260102030405 --yes --disconnect'],
  async run(call) {
    const { terminal, words, json, print, signal } = call;
    const [word, ...others] = words;
    if (word === undefined || others.length > 0) {
      throw new Fault('bad-usage', 'name one snapshot; rehearsal snapshot --list shows them.');
    }
    const project = await oneProject(call);
    const chosen = snapshotNamed(word, await project.snapshots(signal));
    const { label } = project.target;
    const question = `Restore ${label} to the snapshot of ${timeOf(chosen.taken)} (${harmless(chosen.reason)})? What is there now is kept as a snapshot.`;
    const consent = await consentTo(question, project.target, call);
    if (!consent) return declined(call);
    terminal.progress(`Restoring ${label}…`);
    const result = await unlessBusy((agreed) => project.restore(chosen.id, agreed, signal), consent, call);
    terminal.progress(undefined);
    if (!result) return declined(call);
    const { kept, ms } = result;
    const known = jsonProject(project, callPlaces(call));
    if (json) print({ ...known, kind: 'restored', kept: jsonSnapshot(kept), ms: rounded(ms) });
    else terminal.out(`Restored ${label} in ${duration(ms)}. To undo: rehearsal restore ${kept.id}\n`);
    return 0;
  },
};
