/**
 * What would code reach that is only known as text: function bodies, DO blocks, SQL that cannot be parsed?
 *
 * Told by its words. Where code can run text (EXECUTE, or a language that is neither SQL nor PL/pgSQL), its strings are
 * read as code too: joined over `||`, put into `format`, and one after the other, with unknown parts left out. Text that
 * is made of what cannot be read (`chr`, `reverse`…) may be anything. What comes from a table or a parameter is
 * not seen, and may be anything on a server that others use.
 */
import { skipBlank } from './lexer';
import { isBuiltInName } from './computing';
import { reachOfFunction } from './reachingFunctions';
import { isCommonOperator, typeNamed } from './reachingKeepers';
import { reachOfStatement } from './reachingStatements';
import type { Reach } from './statement';
import { isStringToken, readString } from './strings';
import { foldedName, isName, type Token, tokensIn, tokensOf } from './tokens';
import { wordsOf } from './words';

export interface CodeReaches {
  readonly reaches: readonly Reach[];
  /** Functions that it calls, relations that it reads or writes. */
  readonly calls: ReadonlySet<string>;
}

/** Strings in strings in strings; nobody writes more. */
const deepest = 6;

/** Whether text begins like a statement; `dblink(text)` alone is the name of a function. */
export function isCode(text: string): boolean {
  const start = skipBlank(text, 0, text.length);
  return beginsStatement.test(text.slice(start, start + 100));
}

const beginsStatement =
  /^[\s(;]*(?:alter|analyze|begin|call|checkpoint|comment|commit|copy|create|declare|delete|do|drop|execute|explain|grant|import|insert|load|merge|perform|prepare|reassign|refresh|reset|revoke|rollback|security|select|set|table|truncate|update|vacuum|values|with)\b/i;

export function reachesOfCode(text: string, language: string): CodeReaches {
  const reaches: Reach[] = [];
  const calls = new Set<string>();
  const waiting = [{ text, language: language.toLowerCase(), depth: 0 }];
  for (let code = waiting.pop(); code; code = waiting.pop()) {
    const tokens = tokensOf(code.text).filter(({ kind }) => kind !== 'comment');
    for (const statement of statementsIn(tokens)) {
      const reach = reachOfStatement(wordsOf(statement));
      if (reach) reaches.push(reach);
    }
    for (const name of [...namesUsed(tokens), ...fieldsUsed(tokens), ...operatorsUsed(tokens)]) calls.add(name);
    for (const name of functionsCalled(tokens)) {
      calls.add(name);
      const reach = reachOfFunction(name);
      if (reach) reaches.push(reach);
    }
    for (const name of typesNamed(tokens)) if (!calls.has(name)) calls.add(typeNamed(name));
    if (code.depth === deepest || !runsText(tokens, code.language)) continue;
    const { pieces, codes } = texts(tokens);
    const hidden = reachesOfPieces(tokens, pieces);
    reaches.push(...hidden);
    if (hidden.length + codes.length === 0 && runsWhatItIsGiven(tokens)) reaches.push(unseen);
    for (const inner of codes) waiting.push({ text: inner, language: 'plpgsql', depth: code.depth + 1 });
  }
  return { reaches, calls };
}

/** Characters that are read at once: tokens take many times the memory of their text. */
const longestPiece = 1_000_000;

/** A text in parts of which each can be read alone: they end behind a comma or a semicolon. */
export function* piecesOf(text: string): Generator<string> {
  let start = 0;
  if (text.length > longestPiece) {
    for (const { text: token, range } of tokensIn(text)) {
      if (range.end - start < longestPiece || !/^[,;]$/.test(token)) continue;
      yield text.slice(start, range.end);
      start = range.end;
    }
  }
  yield text.slice(start);
}

/** Words after which a statement begins in PL/pgSQL; a string opens code in `DO '…'`, which is read on its own. */
const beforeStatement = new Set([';', 'begin', 'then', 'else', 'loop', 'atomic', 'explain', 'analyze']);

function statementsIn(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  for (const token of tokens) {
    if (token.text !== ';') current.push(token);
    if (!beforeStatement.has(token.text.toLowerCase())) continue;
    statements.push(current);
    current = [];
  }
  statements.push(current);
  return statements.filter(({ length }) => length > 0);
}

/** A name before a parenthesis, unless a word before it says that the function is not called but spoken of. */
function functionsCalled(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  for (const [n, token] of tokens.entries()) {
    if (tokens[n + 1]?.text !== '(' || !isName(token)) continue;
    let first = n;
    while (tokens[first - 1]?.text === '.') first -= 2;
    const before = tokens[first - 1]?.text.toLowerCase() ?? '';
    if (!spokenOf.has(before)) names.push(foldedName(token.text));
  }
  return names;
}

const spokenOf = new Set(['function', 'procedure', 'routine', 'aggregate', 'table', 'into', 'on', 'index', 'view']);

/** Relations that a query reads or writes; perhaps some other words too. */
function namesUsed(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  for (const [n, token] of tokens.entries()) {
    if (!beforeRelation.has(token.text.toLowerCase())) continue;
    for (let first: number | undefined = n + 1; first !== undefined; ) {
      let last = first;
      while (tokens[last]?.text === '(') last++;
      while (tokens[last + 1]?.text === '.') last += 2;
      const name = tokens[last];
      if (name && isName(name)) names.push(foldedName(name.text));
      first = nextInList(tokens, tokens[first]?.text === '(' ? first : last);
    }
  }
  return names;
}

/** What stands behind a dot: `row.name` calls a function of that name where the row has no such column. */
const fieldsUsed = (tokens: readonly Token[]): string[] =>
  tokens.flatMap((token, n) => (tokens[n - 1]?.text === '.' && isName(token) ? [foldedName(token.text)] : []));

const operatorsUsed = (tokens: readonly Token[]): string[] =>
  tokens.flatMap(({ kind, text }) => (kind === 'operator' && !isCommonOperator(text) ? [text] : []));

/** Where a type may stand: behind another word or `::`, before a string or `%type`. Perhaps some other words too. */
function typesNamed(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  for (const [n, token] of tokens.entries()) {
    if (!isName(token) || beside.test(token.text)) continue;
    let [first, last] = [n, n];
    while (tokens[first - 1]?.text === '.') first -= 2;
    while (tokens[last + 1]?.text === '.') last += 2;
    const [before, after] = [tokens[first - 1], tokens[last + 1]];
    const isTyped =
      last === n && (isStringToken(after?.kind ?? 'word') || before?.text === '::' || (before && isName(before)));
    if ((isTyped || after?.text === '%') && !(first === n && isBuiltInName(token.text)))
      names.push(foldedName(token.text));
  }
  return names;
}

/** Words that stand beside others, and are no types. */
const beside =
  /^(?:and|as|begin|by|declare|else|elsif|end|exists|for|from|group|if|in|into|is|join|language|loop|not|null|on|or|order|raise|return|returns|select|set|then|values|when|where)$/i;

/** Between a relation and the comma behind it stand at the most `AS` and another name, or `*`. */
const mostBeforeComma = 2;

/** Where the next relation of a list begins; undefined when there is none. */
function nextInList(tokens: readonly Token[], last: number): number | undefined {
  let at = tokens[last]?.text === '(' ? last : last + 1;
  for (let passed = 0; passed <= mostBeforeComma; passed++) {
    if (tokens[at]?.text === '(') at = afterParenthesis(tokens, at);
    if (tokens[at]?.text === ',') return at + 1;
    if (tokens[at]?.text === ';') return undefined;
    at++;
  }
  return undefined;
}

function afterParenthesis(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]?.text === '(') depth++;
    if (tokens[at]?.text === ')' && --depth === 0) return at + 1;
  }
  return tokens.length;
}

const beforeRelation = new Set([
  'from',
  'join',
  'into',
  'update',
  'using',
  'only',
  'copy',
  'table',
  'view',
  'truncate',
  'analyze',
  'vacuum',
  'verbose',
  'concurrently',
  'exists',
]);

/** PL/pgSQL runs text by EXECUTE, SQL not at all (DO apart); other languages have functions of many names. */
function runsText(tokens: readonly Token[], language: string): boolean {
  if (language !== 'plpgsql' && language !== 'sql') return true;
  if (tokens.some(({ kind, text }) => kind === 'word' && /^(?:execute|do)$/i.test(text))) return true;
  return functionsCalled(tokens).some((name) => takesQuery.test(name));
}

/** Functions that run the text of an argument. */
export const takesQuery = /^(?:(?:query|cursor)_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table)$/;

/** EXECUTE in code without any text that could be run: it comes from a table, a parameter or a setting. */
const runsWhatItIsGiven = (tokens: readonly Token[]): boolean =>
  tokens.some(
    ({ kind, text }, n) =>
      kind === 'word' && /^execute$/i.test(text) && !/^(?:function|procedure|on)$/i.test(tokens[n + 1]?.text ?? 'on'),
  );

const unseen: Reach = { where: 'cluster', says: 'runs SQL that is not written here (EXECUTE of what it is given)' };

interface Texts {
  /** Strings of the code; those joined by `||` as one. What RAISE says and what comes after USING is no code. */
  readonly pieces: readonly string[];
  /** What may be run of it: pieces, and what `concat`, `format` and variables may make of them. */
  readonly codes: readonly string[];
}

function texts(tokens: readonly Token[]): Texts {
  const found: string[][] = [[]];
  let silent = false;
  let joined = false;
  for (const { kind, text } of tokens) {
    const word = text.toLowerCase();
    if (text === ';') found.push([]);
    if (beforeStatement.has(word)) silent = false;
    else if (kind === 'word' && /^(?:raise|using)$/.test(word)) silent = true;
    if (text === '||') joined = true;
    else if (isStringToken(kind) && !silent) {
      const value = readString(text).text;
      found.at(-1)?.push(joined ? `${found.at(-1)?.pop() ?? ''}${value}` : value);
      joined = false;
    } else if (text === ';' || text === ',' || text === ':=' || text === '=') joined = false;
  }
  const pieces = found.flat();
  const made = found.filter(({ length }) => length > 1).flatMap((it) => [it.join(''), formatted(it)]);
  return { pieces, codes: [...new Set([...pieces, ...made, pieces.join('')])].filter(isCode) };
}

/** What `format` makes of its first text and the next ones; what is too little is left out. */
function formatted([template = '', ...values]: readonly string[]): string {
  let next = 0;
  return template.replaceAll(/%(?:(\d+)\$)?[sIL]/g, (_, place?: string) => {
    const value = values[place === undefined ? next : Number(place) - 1];
    next++;
    return value ?? '';
  });
}

/** A text that is nothing but the name of a function is called by what is put together with it. */
function reachesOfPieces(tokens: readonly Token[], pieces: readonly string[]): Reach[] {
  const named = pieces
    .filter((it) => /^[\w.]+$/.test(it))
    .flatMap((it) => reachOfFunction(foldedName(lastPart(it))) ?? []);
  const hidden =
    functionsCalled(tokens.filter((_, n) => !isWhiteChr(tokens, n))).find((name) => makesText.has(name)) ??
    functionsCalled(executed(tokens)).find((name) => disguises.has(name));
  return hidden === undefined
    ? named
    : [...named, { where: 'machine', says: `runs SQL that cannot be read beforehand (${hidden})` }];
}

/** What stands behind EXECUTE, up to where its results go or its parameters come from. */
function executed(tokens: readonly Token[]): Token[] {
  let inside = false;
  return tokens.filter(({ kind, text }) => {
    const word = text.toLowerCase();
    if (kind === 'word' && word === 'execute') inside = true;
    else if (text === ';' || (kind === 'word' && /^(?:into|using|loop)$/.test(word))) inside = false;
    return inside;
  });
}

/** Functions that make other words of those that are written. */
const disguises = new Set([
  'replace',
  'translate',
  'decode',
  'overlay',
  'regexp_replace',
  'substr',
  'substring',
  'encode',
]);

/** Functions that make text of what nobody can read as text. */
const makesText = new Set(['chr', 'reverse', 'convert_from']);
/** `chr(10)` ends a line, as everybody writes it. */
const isWhiteChr = (tokens: readonly Token[], n: number): boolean =>
  tokens[n]?.text.toLowerCase() === 'chr' && /^(?:9|10|13|32|34|39)$/.test(tokens[n + 2]?.text ?? '');

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
