/**
 * Does a refusal in the mirror of a body mean that the body is refused when it gets there?
 *
 * Only where nothing is unknown: no row type that shows when the code runs, no table that the code makes itself, no
 * handler that waits for the error, no look into the catalog that may have led around it.
 */
import { holds, type TextRange } from '../../base/text';
import type { Refusal } from '../../database/session';
import { quotedIn } from '../../sql/blame';
import { shapeOf } from '../../sql/parse';
import type { Body } from '../../sql/plpgsql/parse';
import { isStringToken, readString } from '../../sql/strings';
import { nameParts, tokensOf } from '../../sql/tokens';
import { namesIn, recordsIn } from './mirror';
import type { Place, Surveyed } from './places';
import type { Routine } from './routine';

export interface Judge {
  /** Whether anything that is refused there may count. */
  listens(place: Place): boolean;
  believes(place: Place, refusal: Refusal): boolean;
}

/** @param surveyed the body's */
export function judgeOf(routine: Routine, body: Body, surveyed: Surveyed): Judge {
  const { body: source } = routine;
  const vague = vagueNames(routine, body);
  const records = recordsIn(body.block);
  const made = namesMade(source, surveyed.utilities);
  for (const { transitions } of routine.triggers) for (const name of transitions) made.add(name);
  const looked = looksIntoCatalog(source);
  const anyTable = routine.calledBy === 'trigger' && routine.triggers.length === 0;
  return {
    listens(place) {
      const { range } = place.piece;
      if (vague === 'all' || place.handled || range.start >= looked) return false;
      const names = namesIn(source, range);
      if ([...names].some((name) => made.has(name) || vague.has(name))) return false;
      return [...records].every((name) => !names.has(name) || rowTypeIsKnown(name, place, surveyed));
    },
    believes(place, refusal) {
      if (!this.listens(place) || !isAboutNames(refusal)) return false;
      if (anyTable && refusal.sqlState === undefinedTable) return false;
      return !quotedIn(refusal.message)
        .flatMap(nameParts)
        .some((name) => made.has(name));
    },
  };
}

/**
 * Names and types, and constants that are none of their type (Postgres documentation, appendix A). What a role may do
 * (42501) depends on who calls.
 */
export const isAboutNames = ({ sqlState }: Refusal): boolean =>
  (sqlState.startsWith('42') && sqlState !== '42501') || ['3F000', '22P02', '22007', '428C9'].includes(sqlState);

const undefinedTable = '42P01';

/** In a loop that alone assigns it; else when there is but one assignment. */
function rowTypeIsKnown(name: string, { loops }: Place, { assignments }: Surveyed): boolean {
  const loop = loops.findLast((it) => it.assignment?.names.includes(name));
  const counted = assignments.filter(({ names, at }) => names.includes(name) && (!loop || holds(loop.range, at)));
  return counted.length === 1 && counted[0]?.source !== undefined;
}

/** Parameters whose type shows when the routine is called, and what is declared by them; in nested blocks it may be anything. */
function vagueNames({ parameters, calledBy, triggers, body }: Routine, { block }: Body): ReadonlySet<string> | 'all' {
  const vague = new Set(calledBy === 'trigger' && triggers.length === 0 ? ['new', 'old'] : []);
  for (const [n, { name, typeKind }] of parameters.entries()) if (typeKind === 'p') vague.add(name).add(`$${n + 1}`);
  if (vague.size === 0) return vague;
  for (const it of block.declarations) {
    const of = it.kind === 'variable' ? it.type : it.kind === 'alias' ? it.of : '';
    if (![...wordsOf(of)].some((name) => vague.has(name))) continue;
    for (const name of wordsOf(it.name)) vague.add(name);
  }
  return /\bdeclare\b[\s\S]*\bdeclare\b/i.test(body) ? 'all' : vague;
}

const wordsOf = (text: string): Set<string> => namesIn(text, { start: 0, end: text.length });

/** Tables and the like that the body makes, changes or drops, also in the SQL that it puts together. */
function namesMade(source: string, utilities: readonly TextRange[]): Set<string> {
  const made = new Set<string>();
  const add = (text: string): void => {
    const { makes, takes } = shapeOf(text);
    for (const { name, of } of [...makes, ...takes]) made.add(name).add(of ?? name);
  };
  for (const { start, end } of utilities) add(source.slice(start, end));
  const strings = tokensOf(source).flatMap(({ kind, text }) => (isStringToken(kind) ? [readString(text).text] : []));
  if (!strings.some((it) => /\b(?:create|alter|drop)\b/i.test(it))) return made;
  for (const text of strings) for (const name of wordsOf(text)) made.add(name);
  for (const word of commonWords) made.delete(word);
  return made;
}

/** Words of CREATE, ALTER and DROP in strings, which do not make a table of that name likely. */
const commonWords =
  'add alter and as by cascade column constraint create default delete drop exists false for foreign from if in insert into is key not null on only or primary references select set table temp temporary to true unique update using values where'.split(
    ' ',
  );

/** Where a body first asks what there is; from there on it may do things only where they can be done. */
function looksIntoCatalog(source: string): number {
  const found = source.search(
    /\b(?:information_schema|\w*(?:pg|server|postgres\w*)_?version\w*|pg_(?:class|attribute|tables|views|matviews|type|proc|namespace|index|indexes|constraint|trigger|extension|available_extensions|enum|policies|settings|get_\w+)|to_reg\w+|has_\w+_privilege)\b|\bversion\s*\(/i,
  );
  return found < 0 ? source.length : found;
}
