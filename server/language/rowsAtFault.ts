/** Rows of the target that refuse a statement: a quick fix beside the diagnostic, and the request that reads them. */
import { type CodeAction, CodeActionKind, type Range } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import type { Finding, RowsAtFault } from '../engine/project';
import { RowsRequest } from '../protocol/messages';
import type { Feature } from './feature';
import { touch } from './positions';
import { reply } from './reply';
import { tableText } from './tableText';
import { pathOf } from './uri';

export const rowsAtFault: Feature = {
  capabilities: {},

  attach(connection, workspace) {
    connection.onRequest(
      RowsRequest,
      reply(async ({ uri, rows }, signal) => {
        const path = pathOf(uri);
        const project = path === undefined ? undefined : await workspace.projectOf(path);
        if (!project) throw new Fault('no-such-migration', `${uri} is in no folder of migrations.`);
        const found = await project.rowsAtFault(rows, signal);
        return { title: titleOf(found), text: tableText(found.columns, found.rows) };
      }),
    );
  },
};

/** Pure, so that tests need no connection. */
export function showRowsActions(
  uri: string,
  findings: readonly Finding[],
  rangeOf: (range: Finding['range']) => Range,
  around: Range,
): CodeAction[] {
  return findings.flatMap(({ rows, range, message }) => {
    if (rows === undefined || !touch(rangeOf(range), around)) return [];
    const words = message.replace(/ \(.*$/s, '');
    const command = { title: 'Show rows', command: 'rehearsal.showRows', arguments: [uri, rows] };
    return [{ title: `Show rows: ${words}`, kind: CodeActionKind.QuickFix, command }];
  });
}

const titleOf = ({ says, rows, more }: RowsAtFault): string => `${more ? `the first ${rows.length} ` : ''}${says}`;
