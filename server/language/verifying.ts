/** Requests about down scripts: try them, and find those that are missing. */
import { basename } from 'node:path';
import { type CodeAction, CodeActionKind } from 'vscode-languageserver/node';
import { changedLines } from '../engine/base/changedLines';
import { Fault } from '../engine/base/fault';
import type { ObjectChange } from '../engine/project';
import { leadsBack, type Verified } from '../engine/verification';
import { VerifyRequest, type VerifiedItem, WayBackRequest, type WayBackResult } from '../protocol/verify';
import type { Feature } from './feature';
import { rangesIn } from './positions';
import { reply } from './reply';
import { pathOf, uriOf } from './uri';
import { summaryOf } from './verdicts';
import type { Workspace } from './workspace';

export const verifying: Feature = {
  capabilities: {},

  attach(connection, workspace, _documents, { verdicts }) {
    connection.onRequest(
      VerifyRequest,
      reply(async ({ folder, uri }, signal) => {
        const project = await workspace.projectAt(folder);
        const found: VerifiedItem[] = [];
        const which = uri === undefined ? 'pending' : [pathOf(uri) ?? uri];
        const take = (verified: Verified): void => {
          verdicts.keep(verified);
          found.push(itemOf(verified, workspace));
        };
        await project.verify({ which, suggests: false }, take, signal);
        return found;
      }),
    );
    connection.onRequest(
      WayBackRequest,
      reply(async ({ folder, uri }, signal) => {
        const project = await workspace.projectAt(folder);
        const path = pathOf(uri) ?? uri;
        let found: Verified | undefined;
        await project.verify({ which: [path], suggests: true }, (it) => (found ??= it), signal);
        if (!found) throw new Fault('no-such-migration', `${basename(path)} is none.`);
        verdicts.keep(found);
        return wayBackOf(found);
      }),
    );
  },
};

function wayBackOf(verified: Verified): WayBackResult {
  const { verdict, suggestion } = verified;
  const own = summaryOf(verified);
  if (leadsBack(verdict) || verdict.kind === 'untried') return { kind: 'unneeded', verdict: own };
  if (!suggestion || !leadsBack(suggestion.verdict)) return { kind: 'none', verdict: own };
  return {
    kind: 'found',
    sql: suggestion.statements.map((it) => `${it};\n`).join(''),
    verdict: summaryOf(suggestion),
    drops: suggestion.drops,
    ...(suggestion.file && { file: { uri: uriOf(suggestion.file.path), text: suggestion.file.text } }),
    ...(suggestion.noFile !== undefined && { noFile: suggestion.noFile }),
  };
}

function itemOf(verified: Verified, { files }: Workspace): VerifiedItem {
  const { path, version, title, verdict, ms } = verified;
  const item = { ...summaryOf(verified), uri: uriOf(path), version, title, ms };
  if (verdict.kind === 'fails') {
    const { path: file, range } = verdict.at;
    return { ...item, at: { uri: uriOf(file), range: rangesIn(files.read(file) ?? '')(range) } };
  }
  if (verdict.kind !== 'different') return item;
  const side = (which: 'before' | 'after') => verdict.differences.flatMap((it) => it[which] ?? []).join('\n');
  return { ...item, before: side('before'), after: side('after'), diff: verdict.differences.map(diffOf).join('\n') };
}

const diffOf = ({ type, name, before = '', after = '' }: ObjectChange): string =>
  [`${type} ${name}`, ...changedLines(before, after).map((it) => `  ${it}`)].join('\n');

/** Where a down script does not lead back, or is not there. */
export function writeDownActions(uri: string, verified: Verified | undefined): CodeAction[] {
  if (!verified || leadsBack(verified.verdict) || verified.verdict.kind === 'untried') return [];
  const title = 'Write the down script';
  return [
    { title, kind: CodeActionKind.QuickFix, command: { title, command: 'rehearsal.writeDown', arguments: [uri] } },
  ];
}
