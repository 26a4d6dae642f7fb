/** `rehearsal environments`: which migrations are where, what the next promotion would do there, and what differs. */
import type { Comparison, EnvironmentState } from '../../engine/projects/promotion';
import { Fault, orFault } from '../../engine/base/fault';
import { isErrorOfUp, type Project } from '../../engine/project';
import { comparisonsOf, promotionRows, stagesOf, statesOf } from '../../engine/projects/promotion';
import { commonOptions, rehearsalOptions } from '../options';
import { allProjects, callPlaces } from '../projects';
import { renderFindings } from '../render/findings';
import { jsonFile } from '../render/json';
import {
  jsonEnvironment,
  renderComparison,
  renderEnvironments,
  renderMatrix,
  renderRehearsal,
} from '../render/environments';
import type { Places } from '../render/places';
import { type Rehearsed, rehearse } from '../rehearsal';
import type { Call, Command } from './command';

export const environments: Command = {
  name: 'environments',
  words: undefined,
  options: ['rehearse', 'compare', ...commonOptions.filter((it) => it !== 'environment'), ...rehearsalOptions],
  says: 'show which migrations are in which environment',
  more: [
    'The environments are those of .rehearsal/environments.json, in the folder of the migrations or above it: names, each',
    'with "connection" (without a password) or "variable" (the name of an environment variable), "role" (development,',
    'staging or production), and perhaps "readOnly": true. With --rehearse what is pending in each is rehearsed with the',
    'schema of that target; with --compare the schemas of those that have the same migrations are compared. Nothing is',
    'changed anywhere. One that does not answer is a line with its fault.',
  ].join('\n'),
  exits: {
    0: 'all answered, and no errors or differences were found',
    1: 'some were',
    2: 'one did not answer',
  },
  examples: [
    'rehearsal environments',
    'rehearsal environments --rehearse --compare --format json',
    'rehearsal check --environment staging',
    'rehearsal apply --environment production --confirm shop',
  ],
  async run(call) {
    const places = callPlaces(call);
    const reports: Report[] = [];
    for (const project of await allProjects(call)) {
      const report = await reportOn(project, call);
      reports.push(report);
      if (!call.json) call.terminal.out(shown(report, places, call));
    }
    if (call.json) call.print({ projects: reports.map((it) => plain(it, places)) });
    const states = reports.flatMap((it) => it.states);
    if (states.some(({ answer }) => answer.kind === 'fault')) return 2;
    const differs = reports.some((it) => it.comparisons.some(({ changes }) => changes.length > 0));
    return differs || reports.some((it) => [...it.rehearsals.values()].some(isRefused)) ? 1 : 0;
  },
};

interface Report {
  readonly project: Project;
  readonly states: readonly EnvironmentState[];
  /** By the names of environments: what is pending there, or why it could not be rehearsed. */
  readonly rehearsals: ReadonlyMap<string, Rehearsed | Fault>;
  readonly comparisons: readonly Comparison[];
}

async function reportOn(project: Project, call: Call): Promise<Report> {
  const { engine, values, signal, terminal } = call;
  const stages = await stagesOf(engine, project);
  terminal.progress('Asking the environments…');
  const states = await statesOf(stages, signal);
  const answered = stages.filter((_, i) => states[i]?.answer.kind === 'status');
  const rehearsals = new Map<string, Rehearsed | Fault>();
  if (values.rehearse) {
    for (const { name, project: there } of answered) {
      terminal.progress(`Rehearsing for ${name}…`);
      // One that has gone meanwhile holds up no other.
      rehearsals.set(name, await orFault(rehearse(there, 'pending', call, () => {})));
    }
  }
  if (values.compare) terminal.progress('Comparing schemas…');
  const comparisons = values.compare ? await comparisonsOf(stages, states, signal) : [];
  terminal.progress(undefined);
  return { project, states, rehearsals, comparisons };
}

const isRefused = (rehearsal: Rehearsed | Fault): boolean =>
  rehearsal instanceof Fault || rehearsal.files.some(({ findings }) => findings.some(isErrorOfUp));

function shown({ project, states, rehearsals, comparisons }: Report, places: Places, { terminal }: Call): string {
  const { paint } = terminal;
  const rehearsed = [...rehearsals].map(([name, it]) => {
    const findings = it instanceof Fault ? [] : it.files.map((file) => renderFindings(file, places, terminal));
    return `${renderRehearsal(name, it, paint)}${findings.join('')}`;
  });
  return [
    renderEnvironments(project, states, places, paint),
    renderMatrix(promotionRows(states), states, paint),
    ...rehearsed,
    ...comparisons.map((it) => renderComparison(it, paint)),
  ].join('\n');
}

function plain({ project, states, rehearsals, comparisons }: Report, places: Places) {
  return {
    folder: places.path(project.folder.path),
    layout: project.folder.layout.name,
    environments: states.map((state) => {
      const rehearsal = rehearsals.get(state.name);
      const compared = comparisons.find(({ name }) => name === state.name);
      return {
        ...jsonEnvironment(state),
        ...(rehearsal && { rehearsal: jsonRehearsal(rehearsal, places) }),
        ...(compared && { comparedWith: compared.with, changes: compared.changes }),
      };
    }),
    migrations: promotionRows(states),
  };
}

const jsonRehearsal = (rehearsal: Rehearsed | Fault, places: Places) =>
  rehearsal instanceof Fault
    ? { error: { code: rehearsal.code, message: rehearsal.message } }
    : { rehearsedOn: rehearsal.check.rehearsedOn, files: rehearsal.files.map((it) => jsonFile(it, places)) };
