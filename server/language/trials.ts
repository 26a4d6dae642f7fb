/** Requests about trials, and about the copies that are kept of them. */
import type { TrialResult as EngineResult, KeptTrial, TrialEnd as EngineEnd } from '../engine/project';
import { trialInWords } from '../engine/trials';
import {
  DeleteTrialRequest,
  ListTrialsRequest,
  PsqlRequest,
  type TrialEnd,
  type TrialItem,
  TrialRequest,
  type TrialResult,
} from '../protocol/trial';
import type { Feature } from './feature';
import { messageOf } from './diagnostics';
import { rangesIn } from './positions';
import { reply } from './reply';
import { afterwards, mustBeSaved, progressTo, whichOf } from './targetChanges';
import { reportText } from './trialReport';
import { uriOf } from './uri';

export const trials: Feature = {
  capabilities: {},

  attach(connection, workspace, documents, checks) {
    connection.onRequest(
      TrialRequest,
      reply(async ({ folder, only, upTo, progress, from, afterwards: end, ...consent }, signal) => {
        const project = await workspace.projectAt(folder);
        mustBeSaved(workspace, documents, project);
        const request = { ...consent, which: whichOf(only, upTo), from, afterwards: end };
        const tell = progressTo(connection, progress);
        const tryOut = async () => sent(await project.trial(request, tell, signal), workspace.root);
        return end === 'swap' ? afterwards(workspace, checks, project, tryOut) : tryOut();
      }),
    );
    connection.onRequest(
      ListTrialsRequest,
      reply(async ({ folder }, signal) => (await (await workspace.projectAt(folder)).trials(signal)).map(itemOf)),
    );
    connection.onRequest(
      DeleteTrialRequest,
      reply(async ({ folder, name, ...consent }, signal) =>
        (await workspace.projectAt(folder)).deleteTrial(name, consent, signal),
      ),
    );
    connection.onRequest(
      PsqlRequest,
      reply(async ({ folder, name }) => (await workspace.projectAt(folder)).psqlFor(name)),
    );
  },
};

function sent(result: EngineResult, root: string | undefined): TrialResult {
  switch (result.kind) {
    case 'nothing':
    case 'cancelled':
    case 'busy':
      return result;
    case 'tried': {
      const { report } = result;
      return { kind: 'tried', verdict: trialInWords(report), report: reportText(result, root), end: endOf(report.end) };
    }
    case 'refused': {
      const { finding, text, version, state, report, rows = [] } = result;
      return {
        kind: 'refused',
        report: reportText(result, root),
        end: endOf(report.end),
        version,
        uri: uriOf(finding.path),
        range: rangesIn(text)(finding.range),
        message: [messageOf(finding), ...rows.map(({ says }) => says)].join('\n'),
        state,
      };
    }
  }
}

const endOf = (end: EngineEnd): TrialEnd => (end.kind === 'swapped' ? { kind: end.kind, kept: end.kept.id } : end);

const itemOf = ({ versions, ...rest }: KeptTrial): TrialItem => ({ ...rest, migrations: versions.length });
