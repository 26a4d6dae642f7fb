/** Names as sqitch's plan has them, and what a change depends on (sqitchers/sqitch v1.3.1: Plan.pm, Plan/Depend.pm). */

/** Sources of regular expressions with the flag `u`. */
export const blank = String.raw`[\t \u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]`;

const punctuation = String.raw`[\-!"#$%&'()*+,./:;<=>?@[\]\\^\`{|}~]`.replace('\\`', '`');

/** Of Unicode, other than what `\b` knows of. */
const word = String.raw`[\p{L}\p{M}\p{N}\p{Pc}]`;
const edge = `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;

/** Neither begins nor ends with punctuation, and does not end as `^2` does, which is for a change some places away. */
export const name = String.raw`(?!${punctuation})(?:(?![~/=%^]\d+(?:$|${blank}))(?!${blank})[^:@#\\])+(?<!${punctuation})${edge}`;

export const isName = (text: string): boolean => whole.test(text);

/** What could be taken for something else. */
export const isReserved = (text: string): boolean => text === 'HEAD' || text === 'ROOT' || /^[0-9a-f]{40}/.test(text);

const whole = new RegExp(`^${name}$`, 'u');

export interface SqitchDependency {
  /** That must not be deployed; else one that must be. */
  readonly conflicts: boolean;
  /** Of another one; undefined when it is the plan's own. */
  readonly project: string | undefined;
  readonly change: string | undefined;
  readonly tag: string | undefined;
  readonly id: string | undefined;
  /** Without the project: `users@v1`. */
  readonly key: string;
  /** As the registry has it. */
  readonly text: string;
}

const dependency = new RegExp(
  `^(?<not>!?)(?:(?<project>${name}):)?(?:(?<id>[0-9a-f]{40})|(?<change>${name})(?:@(?<tag>${name}))?|@(?<alone>${name}))$`,
  'u',
);

/**
 * @param text as it stands in the plan
 * @param own project of the plan
 * @returns undefined when it is none
 */
export function dependencyOf(text: string, own: string): SqitchDependency | undefined {
  const { groups } = dependency.exec(text) ?? {};
  if (!groups) return undefined;
  const { id, change, alone, tag = alone } = groups;
  const project = groups['project'] === own ? undefined : groups['project'];
  const key = id ?? `${change ?? ''}${tag === undefined ? '' : `@${tag}`}`;
  const conflicts = groups['not'] === '!';
  return { conflicts, project, change, tag, id, key, text: project === undefined ? key : `${project}:${key}` };
}
