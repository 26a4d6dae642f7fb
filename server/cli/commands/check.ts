/** `rehearsal check`: runs migrations on a shadow, takes everything back, and tells what Postgres said. */
import { type PlacedProblem, severityOf } from '../../engine/layouts/migration';
import type { FileCheck, Status } from '../../engine/project';
import { commonOptions, rehearsalOptions } from '../options';
import { allProjects, callPlaces, type Selection, select } from '../projects';
import { hasErrors, migrationsIn, placeOf, type Rehearsed, rehearse } from '../rehearsal';
import { renderCounts, renderFindings } from '../render/findings';
import { jsonEngine, jsonFile, jsonProblem } from '../render/json';
import type { Places } from '../render/places';
import { renderOddities, renderProblem, renderProject } from '../render/status';
import { version } from '../../engine/base/version';
import { duration, some } from '../render/words';
import type { Call, Command, ExitCode } from './command';

export const check: Command = {
  name: 'check',
  words: '[path…]',
  takesPaths: true,
  options: ['all', 'observe', 'require-idempotent', ...commonOptions, ...rehearsalOptions],
  says: 'rehearse migrations and say what Postgres refuses',
  more: [
    'Rehearses the pending migrations; or just the files named, each at its place in the history; or with --all',
    'every migration, from an empty database on. A folder stands for the migrations below it. Nothing is changed:',
    'the statements run on a throw-away copy.',
  ].join('\n'),
  exits: { 0: 'no errors', 1: 'errors', 2: 'nothing could be checked' },
  examples: [
    'rehearsal check',
    'rehearsal check --all --embedded --format json',
    'rehearsal check db/migrations/0042_x.up.sql',
  ],
  async run(call) {
    const selected = select(await allProjects(call), call.words, call.folder);
    const places = callPlaces(call, selected);
    const done: Report[] = [];
    for (const selection of selected) {
      const told = await report(selection, selected.length > 1, places, call);
      done.push(told);
      if (!call.json) call.terminal.out(renderSummary(told, call));
    }
    if (call.json) {
      const files = done.flatMap(({ files }) => files).map((file) => jsonFile(file, places));
      const problems = done.flatMap((it) => it.problems.map((problem) => jsonProblem(problem, places)));
      call.print({ engine: jsonEngine(version, done, places), ...(problems.length > 0 && { problems }), files });
    }
    return exitCode(done);
  },
};

/** With what its target says of the history. */
interface Report extends Rehearsed {
  readonly status: Status;
  /** Of its folder. */
  readonly problems: readonly PlacedProblem[];
}

async function report(selection: Selection, named: boolean, places: Places, call: Call): Promise<Report> {
  const { project, files } = selection;
  const { terminal, values, json } = call;
  if (named && !json) terminal.out(renderProject(project, places, terminal.paint));
  const { problems } = project.folder;
  const toldFirst = problems.filter(({ version }) => version === undefined);
  if (!json) for (const it of toldFirst) terminal.out(`${renderProblem(it, places)}\n`);
  terminal.progress(`Rehearsing ${places.path(project.folder.path)}…`);
  const rehearsed = await rehearse(project, files ?? (values.all ? 'all' : 'pending'), call, (file) => {
    if (!json) terminal.out(renderFindings(file, places, terminal));
  });
  // What its files have told is not told again.
  const isTold = (message: string) =>
    rehearsed.files.some(({ findings }) => findings.some((it) => it.message === message));
  const toldLast = problems.filter(({ version, message }) => version !== undefined && !isTold(message));
  if (!json) for (const it of toldLast) terminal.out(`${renderProblem(it, places)}\n`);
  return { ...rehearsed, problems, status: await project.status(call.signal) };
}

function renderSummary(
  { project, check, files, status }: Report,
  { terminal: { paint }, values, words }: Call,
): string {
  const oddities = renderOddities(status, paint);
  if (files.length === 0 && !values.all && words.length === 0) {
    return `Nothing to rehearse: no migration is pending. Add --all to rehearse every one.\n${oddities}`;
  }
  const counts = renderCounts(
    files.flatMap((it) => it.findings),
    paint,
  );
  const unread = files.filter(isUnread);
  const rehearsed = some(
    migrationsIn(
      project,
      files.filter((it) => !isUnread(it)),
    ),
    'migration',
  );
  const left = unread.length === 0 ? '' : `, ${some(unread.length, 'file')} not readable`;
  const upon = project.target.engine === 'embedded' ? '' : `, ${check.upon},`;
  const summary = `${rehearsed} rehearsed on ${placeOf(check)}${upon} in ${duration(check.ms)}: ${counts}${left}\n`;
  const why = values.verbose ? [`There because ${check.placeBecause}.`] : [];
  const about = [...why, ...check.placeLimits].join(' ');
  return `${summary}${about === '' ? '' : `${paint('gray', about)}\n`}${oddities}`;
}

function exitCode(reports: readonly Report[]): ExitCode {
  const files = reports.flatMap((it) => it.files);
  if (files.length > 0 && files.every(isUnread)) return 2;
  const areRefused = reports.some(({ problems }) => problems.some((it) => severityOf(it) === 'error'));
  return areRefused || hasErrors(files) ? 1 : 0;
}

const isUnread = ({ findings }: FileCheck): boolean => findings.some(({ code }) => code === 'not-readable');
