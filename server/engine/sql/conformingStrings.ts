/**
 * Follows `standard_conforming_strings` through a script, as psql does: what a script sets counts for what comes next.
 *
 * A setting made in a transaction is undone by its rollback, a LOCAL one by its end.
 */
import { lexemeAt } from './lexer';

export interface ConformingStrings {
  /** Whether a backslash is an ordinary character in a plain string now. */
  readonly now: boolean;
  /** Looks at a statement that has just been run. */
  ran(statement: string): void;
}

export function conformingStrings(initial: boolean): ConformingStrings {
  let now = initial;
  let session = initial;
  let beforeTransaction = initial;
  return {
    get now() {
      return now;
    },
    ran(statement) {
      if (!mayMatter.test(statement)) return;
      const [verb = '', ...rest] = firstWords(statement);
      switch (verb) {
        case 'begin':
        case 'start':
          beforeTransaction = session;
          return;
        case 'rollback':
        case 'abort':
          if (!rest.includes('to')) now = session = beforeTransaction;
          return;
        case 'commit':
        case 'end':
          now = session;
          return;
      }
      const value = assigned(verb, rest, initial);
      if (value === undefined) return;
      now = value;
      if (rest[0] !== 'local') session = value;
    },
  };
}

const mayMatter = /^(?:set|reset|begin|start|rollback|abort|commit|end)\b/i;
const setting = 'standard_conforming_strings';

/** @returns undefined when the statement does not touch the setting or gives it no truth value */
function assigned(verb: string, rest: readonly string[], initial: boolean): boolean | undefined {
  const [what, , value = ''] = rest[0] === 'local' || rest[0] === 'session' ? rest.slice(1) : rest;
  if (verb === 'reset') return what === setting || what === 'all' ? initial : undefined;
  if (verb !== 'set' || what !== setting) return undefined;
  return value === 'default' ? initial : truthOf(value);
}

/** The words that Postgres takes for a boolean setting, and their beginnings (`parse_bool_with_len`). */
function truthOf(value: string): boolean | undefined {
  if (value === '') return undefined;
  if (value === 'on' || value === '1' || 'true'.startsWith(value) || 'yes'.startsWith(value)) return true;
  if (value === '0' || 'false'.startsWith(value) || 'no'.startsWith(value)) return false;
  return value === 'of' || value === 'off' ? false : undefined;
}

/** The first few lexemes without quotes, in lower case. */
function firstWords(statement: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < statement.length && words.length < 6; ) {
    const { kind, start, end } = lexemeAt(statement, at, statement.length);
    if (kind !== 'space' && kind !== 'comment') words.push(unquoted(statement.slice(start, end)).toLowerCase());
    at = end;
  }
  return words;
}

const unquoted = (lexeme: string): string => lexeme.replace(/^['"]|['"]$/g, '');
