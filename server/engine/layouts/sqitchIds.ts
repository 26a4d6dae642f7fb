/**
 * The names that sqitch gives to changes and tags in its registry: SHA-1 of what the plan says of them, which names the
 * change before it in turn.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch/Plan/Change.pm, lib/App/Sqitch/Plan/Tag.pm.
 */
import { createHash } from 'node:crypto';
import type { SqitchDependency } from './sqitchNames';

/** What changes and tags have in common. */
export interface Planned {
  readonly name: string;
  /** Line ends in it are real ones. */
  readonly note: string;
  /** In the plan's own form: `2024-05-13T17:21:58Z`. */
  readonly date: string;
  readonly planner: Person;
}

export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface Project {
  readonly name: string;
  readonly uri: string | undefined;
}

export const changeId = (
  project: Project,
  change: Planned & { readonly requires: readonly SqitchDependency[]; readonly conflicts: readonly SqitchDependency[] },
  parent: string | undefined,
): string =>
  digestOf('change', [
    ...headOf(project),
    `change ${change.name}`,
    ...(parent === undefined ? [] : [`parent ${parent}`]),
    ...madeBy(change),
    ...listOf('requires', '+', change.requires),
    ...listOf('conflicts', '-', change.conflicts),
    ...noteOf(change),
  ]);

/** @param change id of the one that it stands behind */
export const tagId = (project: Project, tag: Planned, change: string): string =>
  digestOf('tag', [...headOf(project), `tag @${tag.name}`, `change ${change}`, ...madeBy(tag), ...noteOf(tag)]);

/** Of a script as it lies on the disk. */
export const scriptHash = (text: string): string => createHash('sha1').update(text).digest('hex');

function digestOf(kind: 'change' | 'tag', lines: readonly string[]): string {
  const text = lines.join('\n');
  return createHash('sha1')
    .update(`${kind} ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');
}

const headOf = ({ name, uri }: Project): string[] => [
  `project ${name}`,
  ...(uri === undefined ? [] : [`uri ${canonical(uri)}`]),
];

const madeBy = ({ planner, date }: Planned): string[] => [`planner ${planner.name} <${planner.email}>`, `date ${date}`];

const listOf = (title: string, sign: string, items: readonly SqitchDependency[]): string[] =>
  items.length === 0 ? [] : [title, ...items.map(({ text }) => `  ${sign} ${text}`)];

const noteOf = ({ note }: Planned): string[] => (note === '' ? [] : ['', note]);

/** As the registry holds it: Perl's URI escapes what may not stand in one. */
export const escapedUri = (text: string): string =>
  text
    .trim()
    .replace(/^<(?:URL:)?(.*)>$/, '$1')
    .replaceAll(/[^;/?:@&=+$,[\]\w\-.!~*'()%#]/gu, (it) => encodeURIComponent(it));

const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443', ftp: '21' };

/** As Perl's URI->canonical has it, for what is usual in a plan. */
function canonical(text: string): string {
  const [, scheme, rest = ''] = /^([a-zA-Z][a-zA-Z0-9.+-]*):(.*)$/s.exec(escapedUri(text)) ?? [];
  if (scheme === undefined) return escapedUri(text);
  const name = scheme.toLowerCase();
  const plain = rest.replaceAll(/%([0-9a-f]{2})/gi, (escape, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[\w\-.!~*'()]/.test(character) ? character : escape.toUpperCase();
  });
  const port = defaultPorts[name];
  const [whole, user = '', host = '', , given] =
    (port && /^\/\/([^/?#@]*@)?([^/?#:@]*)(:(\d*))?(?=[/?#]|$)/.exec(plain)) || [];
  if (whole === undefined) return `${name}:${plain}`;
  const after = plain.slice(whole.length);
  const kept = given === undefined || given === '' || given === port ? '' : `:${given}`;
  return `${name}://${user}${host.toLowerCase()}${kept}${after === '' || after.startsWith('#') ? `/${after}` : after}`;
}
