/**
 * Was a statement refused only because an earlier one was?
 *
 * It is when it misses a name that the earlier one would have made, or meets one that it would have taken away. Told
 * by SQLSTATE and by the names in the statements, so that no language of messages matters.
 */
import { nearest } from '../base/nearest';
import { offsetOfCharacter } from '../base/text';
import { quotedIn } from '../sql/blame';
import { isBuiltInName } from '../sql/computing';
import { nameParts, tokenAt } from '../sql/tokens';
import { bringsByName } from './extensionObjects';
import type { Outcome } from './outcome';
import { namesOf } from './run';

type Refused = Extract<Outcome, { kind: 'refused' }>;

/** SQLSTATE class 42 and 3F: a name that is not there (Postgres documentation, appendix A). */
const missing = new Set(['42P01', '42703', '42704', '42883', '3F000', '42P10', '42830', '26000']);
const missingColumn = '42703';
/** A name that is there already. */
const present = new Set(['42P07', '42710', '42701', '42723', '42P06', '42P13', '42P16', '42712']);
/** A column that must have a value has none. */
const noValue = '23502';
/** A row of another table is missing. */
const foreignKey = '23503';

/** Other objects depend on it. TRUNCATE of a table that foreign keys refer to has a code of its own: feature_not_supported. */
const isDepended = ({ refusal: { sqlState }, shape: { node } }: Refused): boolean =>
  sqlState === '2BP01' || (sqlState === '0A000' && node === 'TruncateStmt');

/**
 * @param text the words to blame, as they stand in the file
 * @param earlier outcomes of all statements before it, in order, of earlier scripts too
 * @returns the outcome that caused it
 */
export function causeOf<Earlier extends Outcome>(
  refused: Refused,
  text: string,
  earlier: readonly Earlier[],
): Earlier | undefined {
  const { sqlState, message, detail, column = '' } = refused.refusal;
  // Before the last part stands the table of a column; of anything else its schema, which nobody misses.
  const blamed = new Set(nameParts(text.length < 200 ? text : '').slice(sqlState === missingColumn ? 0 : -1));
  const named = [...namesOf(refused.shape)].some((name) => blamed.has(name)) ? blamed : namesOf(refused.shape);
  // SQL that a body puts together is written nowhere; then only the message says the name.
  const names = new Set([
    ...named,
    ...quotedIn(message).flatMap((it) => nameParts(it).slice(-1)),
    ...calledFor(refused.refusal),
  ]);
  const made = new Set(refused.shape.makes.map(({ name }) => name));
  const listed = namesAmong(detail);
  const dependents = namesAmong(dependentsIn(refused.refusal));
  return earlier.findLast((it) => {
    if (it.kind === 'ran') return false;
    if (it.kind === 'skipped' && wouldByPsql(it, refused)) return true;
    if (wouldCast(it, refused)) return true;
    if (missing.has(sqlState))
      return (
        wouldMake(it, names) || (sqlState === missingColumn && wouldReplace(it, refused, [...blamed].at(-1) ?? ''))
      );
    if (present.has(sqlState)) return wouldTake(it, made);
    if (sqlState === noValue) return wouldFill(it, refused, column);
    if (sqlState === foreignKey) return quotedIn(detail ?? '').includes(filledBy(it.statement.text) ?? '');
    return isDepended(refused) && wouldFree(it, listed, dependents);
  });
}

/** What SQL within a function or a block names at the place to blame: a column, with its table before it, is not quoted. */
function calledFor({ internalQuery: sql, internalCharacter: character }: Refused['refusal']): string[] {
  if (sql === undefined || character === undefined) return [];
  const token = tokenAt(sql, offsetOfCharacter(sql, character), { dotted: true });
  return token ? nameParts(sql.slice(token.start, token.end)).slice(-1) : [];
}

/** `\copy` would have brought rows; what psql includes is in another file, and may be anything. */
function wouldByPsql(
  { statement: { kind, text } }: Outcome,
  { shape: { mentions }, refusal: { sqlState } }: Refused,
): boolean {
  if (kind !== 'psql') return false;
  if (/^\\i(?:r|nclude|nclude_relative)?\s/.test(text))
    return missing.has(sqlState) || present.has(sqlState) || [noValue, foreignKey].includes(sqlState);
  const filled = nameParts(/^\\copy\s+([^\s(]+)/i.exec(text)?.[1] ?? '').at(-1);
  return filled !== undefined && [noValue, foreignKey].includes(sqlState) && mentions.has(filled);
}

/** Where a cast is missing, the message names the types. */
function wouldCast({ shape }: Outcome, { refusal: { sqlState, message } }: Refused): boolean {
  if (shape.node !== 'CreateCastStmt' || !castMissing.has(sqlState)) return false;
  const said = new Set(nameParts(message));
  const types = (shape.makes[0]?.name.split(' as ') ?? []).filter((type) => !isBuiltInName(type));
  return types.length > 0 && types.every((type) => said.has(type));
}

/** Cannot be cast, is of another type. */
const castMissing = new Set(['42846', '42804']);

/** Another ALTER TABLE may have given it a default; before it must have a value an UPDATE may have given it one. */
const wouldFill = ({ shape: { node, mentions } }: Outcome, { shape }: Refused, column: string): boolean =>
  mentions.has(column) && (node === 'AlterTableStmt' || (node === 'UpdateStmt' && shape.node === 'AlterTableStmt'));

/** A statement that cannot be parsed may have been meant to make whatever it names. */
function wouldMake({ kind, shape, statement }: Outcome, names: ReadonlySet<string>): boolean {
  if (/^create\s+extension\b/i.test(statement.text) || (shape.node === 'unreadable' && mayBeExtension(statement.text)))
    return (
      brings(statement.text, names) || shape.makes.some((it) => [...names].some((name) => bringsByName(it.name, name)))
    );
  // What a block would have made is written in its body only.
  if (kind === 'skipped' && shape.node === 'DoStmt' && /\bcreate\b/i.test(statement.text))
    return [...names].some((name) => shape.mentions.has(name));
  const makes = shape.node === 'unreadable' ? wordsOf(statement.text) : shape.makes.map(({ name }) => name);
  return makes.some((name) => names.has(name) || [...names].some((it) => isSequenceOf(name, it)));
}

/** `create extensino if not exists pg_trgm`: nothing else that is made is so short. */
const mayBeExtension = (text: string): boolean =>
  /^create\s+\w+\s+(?:if\s+(?:not\s+)?exists\s+)?["\w-]+\s*;?$/i.test(text);

/** A table was not made because one of its name is there; that one lacks the column. */
const wouldReplace = ({ shape }: Outcome, { shape: { mentions } }: Refused, column: string): boolean =>
  shape.node === 'CreateStmt' && shape.mentions.has(column) && mentions.has(shape.makes[0]?.name ?? '');

/** An extension names what it brings after itself, as a rule: `gin_trgm_ops` is of `pg_trgm`, `uuid_nil` of `uuid-ossp`. */
function brings(extension: string, names: ReadonlySet<string>): boolean {
  const parts = wordsOf(extension)
    .flatMap((word) => word.split(/[_-]/))
    .filter((part) => part.length > 3 && !/^(?:create|extension|exists|with|schema)$/.test(part));
  return [...names].some((name) => parts.some((part) => name.includes(part)));
}

/** The sequence of a serial or identity column, as Postgres calls it. */
const isSequenceOf = (table: string, name: string): boolean => name.startsWith(`${table}_`) && name.endsWith('_seq');

/** What cannot be parsed may have been meant to take whatever it names, but for what it alters. */
function wouldTake(outcome: Outcome, names: ReadonlySet<string>): boolean {
  const { text } = outcome.statement;
  if (outcome.shape.node === 'unreadable')
    return triesToTake(text.replace(/^alter\s+\w+\s+(?:(?:if\s+exists|only)\s+)*[^\s(]+/i, ''), names);
  return takesOrMeans(outcome, names, names);
}

/** A constraint, or a default, goes with the column that it stands on, and is not named then. */
function wouldFree(outcome: Outcome, listed: ReadonlySet<string>, dependents: ReadonlySet<string>): boolean {
  const { shape, statement } = outcome;
  if (dependents.has(replacedBy(statement.text) ?? '')) return true;
  if (shape.node === 'unreadable') return triesToTake(statement.text, dependents);
  // A column of another type needs the former one no more.
  const retyped = shape.alters.filter(({ change }) => change === 'retyped');
  if (retyped.some(({ name, column = '' }) => dependents.has(name) || dependents.has(column))) return true;
  return shape.takes.some((it) => dependents.has(it.of ?? '')) || takesOrMeans(outcome, listed, dependents);
}

/** The view or routine that a statement would have put in the place of another one, which needs less perhaps. */
const replacedBy = (text: string): string | undefined =>
  nameParts(/^create\s+or\s+replace\s+(?:\w+\s+)?(?:view|function|procedure)\s+([^\s(]+)/i.exec(text)?.[1] ?? '').at(
    -1,
  );

const triesToTake = (text: string, names: ReadonlySet<string>): boolean =>
  !/^create\b/i.test(text) && wordsOf(text).some((it) => names.has(it));

/** @param meant names that one which was not found may be a misspelling of */
function takesOrMeans(outcome: Outcome, names: ReadonlySet<string>, meant: ReadonlySet<string>): boolean {
  const isMissing = outcome.kind === 'refused' && missing.has(outcome.refusal.sqlState);
  return outcome.shape.takes.some(
    ({ name }) => names.has(name) || (isMissing && nearest(name, [...meant]) !== undefined),
  );
}

/** The list of dependents, `view v depends on table t`, line by line without what the message is about already. */
function dependentsIn({ message, detail = '' }: Refused['refusal']): string {
  const lines = detail.split('\n').map((line) => {
    const words = [...line.matchAll(/\S+/g)];
    const known = words.find(({ index }) => message.includes(line.slice(index)));
    return line.slice(0, known?.index);
  });
  return lines.join('\n');
}

const namesAmong = (detail: string | undefined): ReadonlySet<string> =>
  new Set(nameParts(detail ?? '').filter((name) => !kinds.test(name)));

/** What Postgres calls objects in a list of dependents; in a statement these are keywords. */
const kinds =
  /^(?:table|view|materialized|column|constraint|index|sequence|type|function|trigger|rule|policy|schema|default|value|on|of|for|extension)$/;

/** The table that a statement would have put rows into. */
const filledBy = (text: string): string | undefined =>
  nameParts(/^(?:insert\s+into|merge\s+into(?:\s+only)?|copy)\s+([^\s(]+)/i.exec(text)?.[1] ?? '').at(-1);

const wordsOf = (text: string): string[] => nameParts(text.length < longest ? text : text.slice(0, longest));

const longest = 10_000;
