/** `rehearsal branch`: a database for each branch of git; which one there is, and which one the target is to be. */
import { Fault } from '../../engine/base/fault';
import { suggestion } from '../../engine/base/nearest';
import type { BranchCopy, BranchDatabases, BranchResult, Project } from '../../engine/project';
import { consentTo, unlessBusy } from '../consent';
import { commonOptions, consentOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { harmless } from '../render/cells';
import { renderBranches } from '../render/branches';
import { jsonProject, jsonSnapshot, rounded } from '../render/json';
import { bytes, duration } from '../render/words';
import { declined } from '../result';
import type { Call, Command, ExitCode } from './command';

export const branch: Command = {
  name: 'branch',
  words: '[list | switch [<branch>] | delete <branch>]',
  changes: true,
  options: ['was', ...consentOptions, ...commonOptions],
  says: 'keep a database for each branch of git, and switch to that of the one that is checked out',
  more: [
    'switch   the database becomes that of the branch that is checked out, or that is named, by a swap of names; what it',
    '         was is kept for its own branch. A branch that has none gets a copy of that of the branch it was made from.',
    'delete   throws away what is kept for a branch; asks first, unless --yes is given',
    '',
    'The database says in its comment which branch it belongs to, and so does each that is kept. One that says nothing is',
    'taken for that of the branch that is checked out only where this is the default branch, or the only one; else --was',
    'says whose it is. Only for development, on a server.',
  ].join('\n'),
  exits: { 0: 'done', 1: 'you did not agree' },
  examples: [
    'rehearsal branch',
    'rehearsal branch switch --was main',
    'rehearsal branch switch --yes',
    'rehearsal branch delete feature/old',
  ],
  async run(call) {
    const [verb = 'list', word, extra] = call.words;
    if (extra !== undefined) throw new Fault('bad-usage', `${verb} takes one branch; "${extra}" is too much.`);
    if (verb !== 'switch' && call.values.was !== undefined) throw new Fault('bad-usage', '--was is for switch.');
    switch (verb) {
      case 'list':
        if (word !== undefined) throw new Fault('bad-usage', `list takes no more words, and "${word}" is one.`);
        return list(call);
      case 'switch':
        return exchange(word, call);
      case 'delete':
        if (word === undefined) throw new Fault('bad-usage', 'name a branch; rehearsal branch lists them.');
        return remove(word, call);
      default:
        throw new Fault('bad-usage', `there is no "${verb}"; there are list, switch and delete.`);
    }
  },
};

async function list(call: Call): Promise<ExitCode> {
  const project = await oneProject(call);
  const found = await project.branches(call.signal);
  if (call.json) call.print({ ...known(project, call), ...found });
  else call.terminal.out(renderBranches(project.target.label, found, call.terminal.paint));
  return 0;
}

async function exchange(wanted: string | undefined, call: Call): Promise<ExitCode> {
  const { terminal, values, signal } = call;
  const project = await oneProject(call);
  const { label } = project.target;
  const found = await project.branches(signal);
  const name = wanted ?? found.branch;
  if (name === undefined) throw new Fault('no-such-branch', 'HEAD is detached, so none is checked out.');
  const request = { branch: name, ...(values.was === undefined ? {} : { was: values.was }) };
  if (found.current !== undefined && values.was !== undefined && values.was !== found.current)
    throw new Fault(
      'bad-usage',
      `${label} says that it belongs to ${found.current}; --was is for one that says nothing. If that is wrong, take its comment off (COMMENT ON DATABASE … IS NULL), and name the right one then.`,
    );
  if (found.current === name) return told({ kind: 'same', branch: name }, project, call);
  const consent = await consentTo(questionOf(label, name, found, values.was), project.target, call);
  if (!consent) return declined(call);
  terminal.progress(`Switching ${label} to ${harmless(name)}…`);
  const result = await unlessBusy((agreed) => project.switchBranch({ ...agreed, ...request }, signal), consent, call);
  terminal.progress(undefined);
  return result ? told(result, project, call) : declined(call);
}

function questionOf(label: string, branch: string, found: BranchDatabases, was: string | undefined): string {
  const current = found.current ?? was;
  const { elsewhere } = found;
  const kept = current === undefined ? 'It does not say which branch it belongs to.' : `It is kept for ${current}.`;
  const warning = elsewhere === undefined ? '' : ` ${current} is checked out in ${elsewhere}, which uses it, too.`;
  return harmless(`Make ${label} the database of the branch ${branch}? ${kept}${warning}`);
}

function told(result: Exclude<BranchResult, { kind: 'busy' }>, project: Project, call: Call): ExitCode {
  const { terminal, json, print } = call;
  const { label } = project.target;
  if (json) print({ ...known(project, call), ...jsonResult(result) });
  else if (result.kind !== 'switched') {
    const name = harmless(result.branch);
    terminal.out(
      result.kind === 'same'
        ? `${label} is the database of ${name}; nothing else was to be done.\n`
        : `${label} says now that it is the database of ${name}; before it said nothing.\n`,
    );
  } else {
    const { branch: name, copiedFrom, kept, ms } = result;
    const made = copiedFrom === undefined ? '' : `, a copy of that of ${harmless(copiedFrom)}`;
    const before = kept.branch === undefined ? `a snapshot, ${kept.id}` : `that of ${harmless(kept.branch)}`;
    terminal.out(
      `${label} is the database of ${harmless(name)} now${made} (${duration(ms)}). What it was is kept as ${before}.\n`,
    );
  }
  return 0;
}

const jsonResult = (result: Exclude<BranchResult, { kind: 'busy' }>): object =>
  result.kind === 'switched' ? { ...result, kept: jsonSnapshot(result.kept), ms: rounded(result.ms) } : result;

async function remove(word: string, call: Call): Promise<ExitCode> {
  const { terminal, json, print, signal } = call;
  const project = await oneProject(call);
  const { label } = project.target;
  const { copies } = await project.branches(signal);
  const copy = copyNamed(word, copies);
  const question = `Delete the database that is kept for ${harmless(copy.branch)} (${bytes(copy.bytes)})? It cannot be brought back.`;
  const consent = await consentTo(question, project.target, call);
  if (!consent) return declined(call);
  await project.deleteSnapshot(copy.id, consent, signal);
  if (json) print({ ...known(project, call), kind: 'deleted', copy });
  else terminal.out(`Deleted the database of ${harmless(copy.branch)} beside ${label} (${bytes(copy.bytes)}).\n`);
  return 0;
}

/** By its branch, or by its own name. @throws {Fault} `no-such-branch` */
function copyNamed(word: string, copies: readonly BranchCopy[]): BranchCopy {
  const found = copies.find((it) => it.branch === word || it.id === word);
  if (found) return found;
  const names = copies.map((it) => it.branch);
  throw new Fault('no-such-branch', `nothing is kept for "${word}"${suggestion(word, names) || '.'}`);
}

const known = (project: Project, call: Call) => jsonProject(project, callPlaces(call));
