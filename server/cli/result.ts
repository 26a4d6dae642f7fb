/** What became of an apply or a revert: told to people and scripts, and as an exit code. */
import type { ApplyResult, Project } from '../engine/project';
import type { Call, ExitCode } from './commands/command';
import { renderFinding } from './render/findings';
import { jsonFinding, jsonProject, rounded } from './render/json';
import type { Places } from './render/places';
import { duration, some } from './render/words';
import { restoreLine } from './snapshots';

export interface About {
  readonly project: Project;
  readonly places: Places;
  /** `Undid`: drift, which is no migration. */
  readonly verb: 'Applied' | 'Reverted' | 'Undid';
  readonly call: Call;
}

type Final = Exclude<ApplyResult, { readonly kind: 'busy' }>;

export function finish(result: Final, about: About): ExitCode {
  const { terminal, json, print } = about.call;
  terminal.progress(undefined);
  if (json) print({ ...jsonProject(about.project, about.places), ...plainResult(result, about.places) });
  else terminal.out(told(result, about));
  return exitCodes[result.kind];
}

/** The user was asked and did not agree. */
export function declined({ terminal, json, print }: Call): ExitCode {
  if (json) print({ kind: 'declined' });
  else terminal.say('Nothing was changed.');
  return 1;
}

const exitCodes = { done: 0, nothing: 0, refused: 1, cancelled: 130 } as const satisfies Record<
  Final['kind'],
  ExitCode
>;

function told(result: Final, { project, places, verb, call }: About): string {
  const { terminal } = call;
  const { paint } = terminal;
  switch (result.kind) {
    case 'nothing':
      return verb === 'Applied'
        ? 'Nothing to apply: no migration is pending.\n'
        : 'Nothing to revert: no migration is applied.\n';
    case 'done': {
      if (verb === 'Undid')
        return `${paint('green', `Undid the drift of ${project.target.label}`)} in ${duration(result.ms)}.\n${snapshotLine(result, call)}`;
      const what = `${verb} ${some(result.migrations.length, 'migration')} ${verb === 'Applied' ? 'to' : 'on'} ${project.target.label}`;
      return `${paint('green', what)} in ${duration(result.ms)}: ${result.migrations.join(', ')}\n${snapshotLine(result, call)}`;
    }
    case 'cancelled':
      return `${paint('yellow', 'Cancelled.')} ${result.state}\n${snapshotLine(result, call)}`;
    case 'refused': {
      const finding = renderFinding(result.finding, places, terminal);
      return `${finding}${paint('red', `${result.version} was refused.`)} ${result.state}\n${snapshotLine(result, call)}`;
    }
  }
}

const snapshotLine = ({ snapshot }: { readonly snapshot?: string }, { values }: Call) =>
  snapshot === undefined ? '' : `To go back to the state before: ${restoreLine(snapshot, values)}\n`;

function plainResult(result: Final, places: Places) {
  switch (result.kind) {
    case 'nothing':
    case 'cancelled':
      return result;
    case 'done':
      return { ...result, ms: rounded(result.ms) };
    case 'refused': {
      const { finding, text: _, left: __, stands: ___, ...rest } = result;
      return { ...rest, path: places.path(finding.path), finding: jsonFinding(finding, places) };
    }
  }
}
