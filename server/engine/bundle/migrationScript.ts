/** One migration in one direction as psql runs it: in its tool's transaction mode, with the rows of the tool's history. */
import type { Planned, PlannedScript } from '../apply/plan';
import type { History, HistoryStep } from '../history/history';
import { withoutVariables } from '../sql/psqlVariables';
import type { Statement } from '../sql/statement';
import type { Recording } from './recording';

/** @param step as the tool would take it */
export async function migrationScript(
  planned: Planned,
  step: HistoryStep,
  history: History,
  recording: Recording,
): Promise<string> {
  const { session } = recording;
  const parts: string[] = [];
  const note = async (write: Promise<void> | undefined): Promise<void> => {
    await write;
    parts.push(...recording.take().map(ended));
  };
  const scripts = planned.scripts.length > 0 ? planned.scripts : [undefined];
  for (const script of scripts) {
    const ofPart = script?.script.part === undefined ? step : { ...step, part: script.script.part };
    await note(history.before?.(session, ofPart));
    const isWrapped = script?.script.mode === 'transaction';
    if (isWrapped) parts.push('begin;');
    if (script) parts.push(...messagesOf(script));
    await note(history.after(session, ofPart));
    if (isWrapped) parts.push('commit;');
    await note(history.committed?.(session, ofPart));
  }
  return `${parts.join('\n\n')}\n`;
}

/** `\;` keeps statements in one message, which Postgres runs as one transaction: so does the tool. */
function messagesOf({ script, statements, messages }: PlannedScript): readonly string[] {
  if (script.mode === 'transaction') return statements.map(statementText);
  const isWhole = script.mode === 'implicit' && (messages?.length ?? 1) <= 1;
  const groups = isWhole ? [statements] : (messages ?? statements.map((it) => [it]));
  return groups.flatMap((group) =>
    group.some(({ kind }) => kind === 'copyIn')
      ? group.map(statementText)
      : [group.map(({ text }, i) => closed(text, i < group.length - 1 ? '\\;' : ';')).join('\n')],
  );
}

function statementText({ text, kind, copyData = '' }: Statement): string {
  if (kind !== 'copyIn') return ended(text);
  const rows = copyData === '' || copyData.endsWith('\n') ? copyData : `${copyData}\n`;
  return `${ended(text)}\n${rows}\\.`;
}

const ended = (text: string): string => closed(text.trim(), ';');

/** A comment at its end would hide what stands behind it. */
const closed = (text: string, end: string): string =>
  withoutVariables(text) + (text.slice(text.lastIndexOf('\n') + 1).includes('--') ? `\n${end}` : end);
