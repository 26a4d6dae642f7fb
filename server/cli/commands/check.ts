/** `rehearsal check`: runs migrations on a shadow, takes everything back, and tells what Postgres said. */
import type { Check, FileCheck, Project } from '../../engine/project';
import { commonOptions, rehearsalOptions } from '../options';
import { allProjects, callPlaces, type Selection, select } from '../projects';
import { duration, renderCounts, renderFindings, some } from '../render/findings';
import { jsonEngine, jsonFile } from '../render/json';
import type { Places } from '../render/places';
import { renderProject } from '../render/status';
import { version } from '../../engine/base/version';
import type { Call, Command, ExitCode } from './command';

export const check: Command = {
  name: 'check',
  words: '[paths…]',
  takesPaths: true,
  options: ['all', 'observe', ...commonOptions, ...rehearsalOptions],
  says: 'rehearse migrations and say what Postgres refuses',
  more: [
    'Rehearses the pending migrations; or just the files named, each at its place in the history; or with --all',
    'every migration, from an empty database on. A folder stands for the migrations below it. Nothing is changed:',
    'the statements run on a throw-away copy. Exit code 0: no errors, 1: errors, 2: nothing could be checked.',
  ].join('\n'),
  examples: [
    'rehearsal check',
    'rehearsal check --all --embedded --format json',
    'rehearsal check db/migrations/0042_x.up.sql',
  ],
  async run(call) {
    const selected = select(await allProjects(call), call.words, call.folder);
    const places = callPlaces(call, selected);
    const done: Rehearsed[] = [];
    for (const selection of selected) {
      const rehearsed = await rehearse(selection, selected.length > 1, places, call);
      done.push(rehearsed);
      if (!call.json) call.terminal.out(renderSummary(rehearsed, call));
    }
    if (call.json) {
      const files = done.flatMap(({ files }) => files).map((file) => jsonFile(file, places));
      call.print({ engine: jsonEngine(version, done, places), files });
    }
    return exitCode(done.flatMap(({ files }) => files));
  },
};

interface Rehearsed {
  readonly project: Project;
  readonly check: Check;
  readonly files: readonly FileCheck[];
}

async function rehearse(selection: Selection, named: boolean, places: Places, call: Call): Promise<Rehearsed> {
  const { project } = selection;
  const { terminal, values, json } = call;
  // By path: when a shadow is lost on the way, the next one tells again what was told already.
  const files = new Map<string, FileCheck>();
  if (named && !json) terminal.out(renderProject(project, places, terminal.paint));
  if (!json) {
    for (const { path, message } of project.folder.problems)
      terminal.out(`${places.path(path)}: warning: ${message}\n\n`);
  }
  terminal.progress(`Rehearsing ${places.path(project.folder.path)}…`);
  const onFile = (file: FileCheck) => {
    if (files.has(file.path)) return;
    files.set(file.path, file);
    if (!json) terminal.out(renderFindings(file, places, terminal));
    terminal.progress(`Rehearsed ${some(migrationsIn([...files.values()]), 'migration')}…`);
  };
  const check = await project.check(selection.files ?? (values.all ? 'all' : 'pending'), onFile, call.signal);
  terminal.progress(undefined);
  return { project, check, files: [...files.values()] };
}

function renderSummary({ check, files }: Rehearsed, { terminal: { paint }, values, words }: Call): string {
  if (files.length === 0 && !values.all && words.length === 0) {
    return 'Nothing to rehearse: no migration is pending. Add --all to rehearse every one.\n';
  }
  const counts = renderCounts(
    files.flatMap((it) => it.findings),
    paint,
  );
  return `${some(migrationsIn(files), 'migration')} rehearsed on ${placeOf(check)} in ${duration(check.ms)}: ${counts}\n`;
}

/** With the version of the server, which decides what Postgres says. */
const placeOf = ({ rehearsedOn, serverVersion }: Check): string =>
  rehearsedOn.includes(serverVersion) ? rehearsedOn : `${rehearsedOn} (PostgreSQL ${serverVersion})`;

/** An up and a down file are one migration. */
const migrationsIn = (files: readonly FileCheck[]): number => new Set(files.map((it) => it.version)).size;

function exitCode(files: readonly FileCheck[]): ExitCode {
  if (files.length > 0 && files.every(isUnread)) return 2;
  return files.flatMap(({ findings }) => findings).some(({ severity }) => severity === 'error') ? 1 : 0;
}

const isUnread = ({ findings }: FileCheck): boolean => findings.some(({ code }) => code === 'not-readable');
