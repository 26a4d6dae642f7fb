/** `rehearsal status`: which migrations a database has, and which are pending. */
import { Fault, orFault } from '../../engine/base/fault';
import type { Project, Status } from '../../engine/project';
import { commonOptions } from '../options';
import { allProjects, callPlaces } from '../projects';
import { jsonProblem, jsonProject } from '../render/json';
import type { Places } from '../render/places';
import { renderProblem, renderProject, renderStatus } from '../render/status';
import type { Call, Command } from './command';

export const status: Command = {
  name: 'status',
  words: undefined,
  options: commonOptions,
  says: 'list the migrations: applied, pending, edited, missing',
  more: 'Reads the history table of the migration tool, and changes nothing.',
  exits: { 0: 'listed', 2: 'a database did not answer' },
  examples: ['rehearsal status', 'rehearsal status --dir db/migrations --format json'],
  async run(call) {
    const places = callPlaces(call);
    const answers: Answer[] = [];
    for (const project of await allProjects(call)) {
      const answer = { project, result: await orFault(project.status(call.signal)) };
      answers.push(answer);
      if (!call.json) show(answer, places, call);
    }
    if (call.json) call.print({ projects: answers.map((it) => json(it, places)) });
    return answers.some((it) => it.result instanceof Fault) ? 2 : 0;
  },
};

/** One database that does not answer is no reason to say nothing about the others. */
interface Answer {
  readonly project: Project;
  readonly result: Status | Fault;
}

function show({ project, result }: Answer, places: Places, { terminal }: Call): void {
  terminal.out(renderProject(project, places, terminal.paint));
  for (const it of project.folder.problems) terminal.out(renderProblem(it, places));
  if (result instanceof Fault) terminal.say(`${terminal.paintMessage('red', 'error:')} ${result.message}`);
  else terminal.out(`${renderStatus(result, terminal.paint)}\n`);
}

function json({ project, result }: Answer, places: Places) {
  const { because, local } = project.target;
  const known = { ...jsonProject(project, places), because, local };
  if (result instanceof Fault) return { ...known, error: { code: result.code, message: result.message } };
  const { server, historyTable, migrations, blocked } = result;
  return {
    ...known,
    server,
    historyTable,
    ...(blocked !== undefined && { blocked }),
    ...(project.folder.problems.length > 0 && {
      problems: project.folder.problems.map((it) => jsonProblem(it, places)),
    }),
    migrations: migrations.map(({ version, title, state, reason, migration, kept }) => ({
      version,
      title,
      state,
      ...(reason !== undefined && { reason }),
      ...(kept && { kept }),
      ...(migration?.upPath !== undefined && { path: places.path(migration.upPath) }),
    })),
  };
}
