/** A schema difference as people read it: each object with the lines that change. */
import { structuredPatch } from 'diff';
import type { ObjectChange, Preview } from '../../engine/project';
import type { Colour, Paint } from '../terminal';
import { harmless } from './cells';
import { some } from './findings';

const marks = {
  added: { sign: '+', colour: 'green' },
  removed: { sign: '-', colour: 'red' },
  changed: { sign: '~', colour: 'yellow' },
} as const satisfies Record<ObjectChange['kind'], { sign: string; colour: Colour }>;

/** Lines around a change that stay as they are. */
const context = 3;

export function renderChanges(changes: readonly ObjectChange[], paint: Paint): string {
  return changes.map((change) => `${renderChange(change, paint)}\n\n`).join('');
}

function renderChange({ kind, type, name, before = '', after = '' }: ObjectChange, paint: Paint): string {
  const { sign, colour } = marks[kind];
  const heading = paint([colour, 'bold'], `${sign} ${harmless(type)} ${harmless(name)}`);
  return [heading, ...differingLines(before, after, context, paint).map((line) => `    ${line}`)].join('\n');
}

/** The whole schema after the change, each line marked as added, removed or kept. */
export function renderWhole({ before, after }: Pick<Preview, 'before' | 'after'>, paint: Paint): string {
  return `${differingLines(before, after, Number.POSITIVE_INFINITY, paint).join('\n')}\n`;
}

function differingLines(before: string, after: string, around: number, paint: Paint): readonly string[] {
  const { hunks } = structuredPatch('', '', ending(before), ending(after), undefined, undefined, { context: around });
  if (hunks.length === 0 && around === Number.POSITIVE_INFINITY)
    return before
      .trimEnd()
      .split('\n')
      .map((it) => ` ${harmless(it)}`);
  return hunks.flatMap(({ lines }, index) => [
    ...(index > 0 ? [paint('gray', '…')] : []),
    ...lines.map((it) => line(it, paint)),
  ]);
}

function line(text: string, paint: Paint): string {
  const shown = harmless(text).trimEnd();
  if (text.startsWith('+')) return paint('green', shown);
  return text.startsWith('-') ? paint('red', shown) : shown;
}

/** With exactly one line feed at the end, so that its lack is no difference. */
const ending = (text: string) => (text === '' ? '' : `${text.trimEnd()}\n`);

/** `2 objects added, 1 changed`. */
export function renderChangeCounts(changes: readonly ObjectChange[]): string {
  const count = (kind: ObjectChange['kind']) => changes.filter((it) => it.kind === kind).length;
  const parts = (['added', 'changed', 'removed'] as const).filter((kind) => count(kind) > 0);
  if (parts.length === 0) return 'the schema stays as it is';
  return parts.map((kind, index) => `${index === 0 ? some(count(kind), 'object') : count(kind)} ${kind}`).join(', ');
}
