/** A schema difference as people read it: each object with the lines that change. */
import { changedLines } from '../../engine/base/changedLines';
import type { ObjectChange, Preview } from '../../engine/project';
import type { Colour, Paint } from '../terminal';
import { harmless } from './cells';
import { some } from './words';

const marks = {
  added: { sign: '+', colour: 'green' },
  removed: { sign: '-', colour: 'red' },
  changed: { sign: '~', colour: 'yellow' },
} as const satisfies Record<ObjectChange['kind'], { sign: string; colour: Colour }>;

export function renderChanges(changes: readonly ObjectChange[], paint: Paint): string {
  return changes.map((change) => `${renderChange(change, paint)}\n\n`).join('');
}

function renderChange({ kind, type, name, before = '', after = '' }: ObjectChange, paint: Paint): string {
  const { sign, colour } = marks[kind];
  const heading = paint([colour, 'bold'], `${sign} ${harmless(type)} ${harmless(name)}`);
  return [heading, ...changedLines(before, after).map((it) => `    ${renderLine(it, paint)}`)].join('\n');
}

/** The whole schema after the change, each line marked as added, removed or kept. */
export function renderWhole({ before, after }: Pick<Preview, 'before' | 'after'>, paint: Paint): string {
  const changed = changedLines(before, after, Number.POSITIVE_INFINITY);
  const whole = before
    .trimEnd()
    .split('\n')
    .map((it) => ` ${it}`);
  return `${(changed.length > 0 ? changed : whole).map((it) => renderLine(it, paint)).join('\n')}\n`;
}

/** As `changedLines` gives it. */
export function renderLine(text: string, paint: Paint): string {
  const shown = harmless(text);
  if (text.startsWith('+')) return paint('green', shown);
  if (text.startsWith('-')) return paint('red', shown);
  return text === '…' ? paint('gray', shown) : shown;
}

/** `2 objects added, 1 changed`. */
export function renderChangeCounts(changes: readonly ObjectChange[]): string {
  const count = (kind: ObjectChange['kind']) => changes.filter((it) => it.kind === kind).length;
  const parts = (['added', 'changed', 'removed'] as const).filter((kind) => count(kind) > 0);
  if (parts.length === 0) return 'the schema stays as it is';
  return parts.map((kind, index) => `${index === 0 ? some(count(kind), 'object') : count(kind)} ${kind}`).join(', ');
}
