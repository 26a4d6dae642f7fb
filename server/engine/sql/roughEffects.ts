/**
 * What a statement that cannot be parsed sets out to make or take, by its first words.
 *
 * While somebody types, CREATE TABLE is unfinished and the statements after it are right: they only wait for it.
 */
import { Effects, type Kind } from './effectList';
import type { NameParts } from './tree';
import { nameParts, type Token } from './tokens';
import type { Words } from './words';

/** @param tokens of the statement; `words` are made of the same */
export function roughEffects(tokens: readonly Token[], { flat }: Words): Pick<Effects, 'makes' | 'takes'> {
  const effects = new Effects();
  const verb = /^(?:create|drop|alter table)\b/.exec(flat)?.[0];
  if (verb === 'alter table') alteredColumns(tokens, effects);
  else if (verb) namedObject(verb, tokens, effects);
  return effects;
}

const kinds: Readonly<Record<string, Kind>> = {
  table: 'relation',
  view: 'relation',
  sequence: 'relation',
  index: 'index',
  type: 'type',
  domain: 'type',
  function: 'function',
  procedure: 'function',
  aggregate: 'function',
  schema: 'schema',
  role: 'role',
  user: 'role',
  group: 'role',
  extension: 'extension',
  trigger: 'other',
  policy: 'other',
  rule: 'other',
  publication: 'other',
  server: 'other',
};

const skipped = new Set(['if', 'not', 'exists', 'concurrently']);

function namedObject(verb: string, tokens: readonly Token[], effects: Effects): void {
  const code = tokens.filter(({ kind }) => kind !== 'comment');
  let at = code.slice(0, 8).findIndex(({ text }) => Object.hasOwn(kinds, text.toLowerCase()));
  const kind = kinds[code[at]?.text.toLowerCase() ?? ''];
  if (kind === undefined) return;
  for (at++; skipped.has(code[at]?.text.toLowerCase() ?? ''); at++);
  const name = nameAt(code, at);
  if (kind === 'index' && name[0] === 'on') return;
  if (verb === 'create') effects.make(kind, name);
  else effects.take(kind, name);
}

function alteredColumns(tokens: readonly Token[], effects: Effects): void {
  const code = tokens.filter(({ kind }) => kind !== 'comment');
  for (const [n, { text }] of code.entries()) {
    const verb = text.toLowerCase();
    if (verb !== 'add' && verb !== 'drop') continue;
    let at = n + 1;
    while (code[at] && (skipped.has(wordAt(code, at)) || wordAt(code, at) === 'column')) at++;
    if (wordAt(code, at) === 'constraint')
      effects[verb === 'add' ? 'make' : 'take']('constraint', nameAt(code, at + 1));
    else effects[verb === 'add' ? 'make' : 'take']('column', nameAt(code, at));
  }
}

const wordAt = (tokens: readonly Token[], at: number): string => tokens[at]?.text.toLowerCase() ?? '';

/** A dotted name; empty when none stands there. */
function nameAt(tokens: readonly Token[], at: number): NameParts {
  const written: string[] = [];
  for (let n = at; tokens[n]?.kind === 'word' || tokens[n]?.kind === 'quotedIdentifier'; n += 2) {
    written.push(tokens[n]?.text ?? '');
    if (tokens[n + 1]?.text !== '.') break;
  }
  return nameParts(written.join('.'));
}
