/** The lines that two texts differ in, for people. */
import { structuredPatch } from 'diff';

/** Lines around a change that stay as they are. */
const context = 3;

/**
 * @param around how many lines that stay as they are are told with each change
 * @returns each line behind `-`, `+` or a space; `…` where some are left out; nothing when there is no difference
 */
export function changedLines(before: string, after: string, around: number = context): readonly string[] {
  const { hunks } = structuredPatch('', '', ending(before), ending(after), undefined, undefined, { context: around });
  return hunks.flatMap(({ lines }, index) => [...(index > 0 ? ['…'] : []), ...lines.map((it) => it.trimEnd())]);
}

/** With exactly one line feed at the end, so that its lack is no difference. */
const ending = (text: string): string => (text === '' ? '' : `${text.trimEnd()}\n`);
