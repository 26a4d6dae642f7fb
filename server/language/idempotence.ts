/** Make Idempotent: the refactoring, the quick fix where a project demands it, and the request of our own client. */
import { type CodeAction, CodeActionKind, type Range, type TextEdit } from 'vscode-languageserver/node';
import { Fault } from '../engine/base/fault';
import type { Finding, Idempotence } from '../engine/project';
import { MakeIdempotentRequest, type MakeIdempotentResult } from '../protocol/idempotence';
import type { Feature } from './feature';
import { type Asked, fixOf } from './fixes';
import type { Deferred } from './orderActions';
import { rangesIn, touch } from './positions';
import { reply } from './reply';
import { pathOf } from './uri';
import type { Workspace } from './workspace';

export const idempotence: Feature = {
  capabilities: {},

  attach(connection, workspace) {
    connection.onRequest(
      MakeIdempotentRequest,
      reply(({ uri }, signal) => rewriting(workspace, uri, signal)),
    );
  },
};

const title = 'Make idempotent: run again, it changes nothing';

/** In any place of a migration as a refactoring; as a quick fix where the project demands it. */
export function idempotenceActions(
  { uri, version }: Pick<Deferred, 'uri' | 'version'>,
  findings: readonly Finding[],
  rangeOf: (range: Finding['range']) => Range,
  asked: Asked,
): CodeAction[] {
  const data: Deferred = { does: 'idempotent', uri, version };
  const demanded = findings.find((it) => it.code === 'not-idempotent' && touch(rangeOf(it.range), asked.range));
  const fix = demanded && fixOf({ code: demanded.code, place: rangeOf(demanded.range) }, asked);
  return [...(fix ? [{ ...fix, title, data }] : []), { kind: CodeActionKind.RefactorRewrite, title, data }];
}

/** @throws {Fault} as Project.makeIdempotent */
export async function rewriting(workspace: Workspace, uri: string, signal: AbortSignal): Promise<MakeIdempotentResult> {
  const path = pathOf(uri);
  const project = path === undefined ? undefined : await workspace.projectOf(path);
  if (!project || path === undefined) throw new Fault('no-such-migration', `${uri} is in no folder of migrations.`);
  const text = workspace.files.read(path) ?? '';
  const made = await project.makeIdempotent(path, signal);
  const rangeOf = rangesIn(text);
  const isOffered = made.verdict === 'rewritten' || made.verdict === 'partly';
  const edits: TextEdit[] = made.edits.map((it) => ({ range: rangeOf(it.range), newText: it.text }));
  const applied =
    isOffered && made.isApplied
      ? [`${project.target.label} has it already: rewritten, it counts as edited since.`]
      : [];
  const says = [wordsFor(made, rangeOf), ...applied].join(' ');
  return { verdict: made.verdict, says, edits: isOffered ? edits : [] };
}

function wordsFor(made: Idempotence, rangeOf: (range: Finding['range']) => Range): string {
  const { verdict, left, changes, tables, rehearsedOn } = made;
  const why = [
    ...left.map(({ range, why }) => `Line ${rangeOf(range).start.line + 1}: ${why}`),
    ...changes.map(({ kind, type, name }) => `${type} ${name} would be ${kind}.`),
    ...tables.map((it) => `Rows of ${it} would be others.`),
  ];
  const says = [verdicts[verdict], ...why.slice(0, mostTold)];
  const rest = why.length - mostTold;
  return [...says, ...(rest > 0 ? [`There are ${rest} more.`] : []), `Run on ${rehearsedOn}.`].join(' ');
}

/** What a message has room for. */
const mostTold = 5;

const verdicts: Readonly<Record<Idempotence['verdict'], string>> = {
  already: 'Run twice it changes nothing; there is nothing to rewrite.',
  rewritten: 'Run once it does what it did before; run twice it changes nothing more.',
  partly: 'It still does not change nothing when it is run again.',
  differs: 'Nothing is rewritten: the new text would not do what this one does.',
  refused: 'Nothing is rewritten: Postgres refuses it as it is.',
};
