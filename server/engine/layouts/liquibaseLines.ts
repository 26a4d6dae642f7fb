/**
 * Text that Liquibase puts together of lines of a file, and where its parts stand there.
 */
import { shifted, type TextRange } from '../base/text';
import type { Replaced } from '../sql/statement';

/** A stretch of the file, and what Liquibase puts behind it. */
export interface Segment extends TextRange {
  readonly behind: '\n' | '';
}

/** The whole of it, from the first segment to the last, with what stands between them replaced. */
export interface Composed {
  readonly range: TextRange;
  readonly replaced: readonly Replaced[];
}

export type Properties = ReadonlyMap<string, string>;

/** @param properties `${name}` of them is replaced; what has no value stays, as Liquibase leaves it */
export function composed(
  text: string,
  segments: readonly Segment[],
  properties: Properties | undefined,
): Composed | undefined {
  const [first, last] = [segments[0], segments.at(-1)];
  if (!first || !last) return undefined;
  const replaced = segments.flatMap((segment, at): Replaced[] => {
    const own = expansions(text.slice(segment.start, segment.end), properties).flatMap(({ range, value }) =>
      value === undefined ? [] : [{ range: shifted(range, segment.start), text: value }],
    );
    const next = segments[at + 1];
    const gap = next && { start: segment.end, end: next.start };
    return gap && text.slice(gap.start, gap.end) !== segment.behind
      ? [...own, { range: gap, text: segment.behind }]
      : own;
  });
  return { range: { start: first.start, end: last.end }, replaced };
}

interface Expansion {
  readonly name: string;
  readonly range: TextRange;
  readonly value: string | undefined;
}

export const expansions = (text: string, properties: Properties | undefined): readonly Expansion[] =>
  [...(properties ? text.matchAll(/\$\{([^{}]+)\}/g) : [])].map(({ 0: whole, 1: name = '', index }) => ({
    name,
    range: { start: index, end: index + whole.length },
    value: properties?.get(name.trim()),
  }));
