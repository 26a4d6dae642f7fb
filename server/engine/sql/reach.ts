/**
 * What would a statement reach outside the database it runs in, as far as can be seen?
 *
 * A statement reaches by what it is, by the functions it calls and by code that it holds as text. What only *makes*
 * something dangerous is harmless and runs: a function, a view, a foreign table (and servers and user mappings, which
 * connect to nobody). `defines` and `relays` tell what they will do, so that a later use is seen; `ReachingNames` joins
 * the two. Expressions that Postgres keeps elsewhere (defaults, checks, policies, rules, triggers, operators) count where
 * they are made, and are followed to their use, too (`reachingKeepers.ts`): what they call may be replaced later.
 */
import type {
  A_Expr,
  A_Indirection,
  ColumnRef,
  Constraint,
  DefElem,
  ExecuteStmt,
  FetchStmt,
  FuncCall,
  Node,
  RangeVar,
  SortBy,
  SubLink,
} from 'libpg-query';
import { reachOfFunction } from './reachingFunctions';
import { reachOfStatement } from './reachingStatements';
import { isCode, piecesOf, reachesOfCode, takesQuery } from './reachingCode';
import {
  alongWith,
  functionsNamed,
  heirsIn,
  isCommonOperator,
  isMadeOf,
  keepersIn,
  objectsSpokenOf,
  prepared,
  referringIn,
  tablesBehind,
  typeNamed,
  typeRelays,
  typesIn,
  unseen,
  usageOf,
} from './reachingKeepers';
import type { Reach, Shape } from './statement';
import { tokensOf } from './tokens';
import { type Code, codeIn, lastOf, objectParts, partsOf, tagOf, visit } from './tree';
import { type Words, wordsOf } from './words';

export type Reaching = Pick<Shape, 'reaches' | 'calls' | 'defines' | 'relays'>;

/** @param tree the statement as libpg_query gives it */
export function reachesOfTree(tree: Node, words: Words): Reaching {
  if ('CreateSchemaStmt' in tree)
    return together((tree.CreateSchemaStmt.schemaElts ?? []).map((it) => reachesOfTree(it, wordsOf([]))));
  const own = reachOfStatement(words);
  const inside = collected(tree);
  const definition = definitionIn(tree);
  const others = [...heirsIn(tree), ...referringIn(tree), ...typeRelays(tree, inside.calls)];
  if (!definition) {
    const kept = keptIn(tree, inside);
    return {
      reaches: unique([...(own ? [own] : []), ...inside.reaches]),
      calls: inside.calls,
      defines: kept.defines,
      relays: [...kept.relays, ...others],
    };
  }
  const { name, found } = definition;
  return {
    reaches: own ? [own] : [],
    calls: new Set(objectsSpokenOf(tree)),
    // Code that is loaded may be there already, or have got there on another way: who calls it runs it.
    defines: unique([...(own ? [own] : []), ...inside.reaches, ...found.reaches]).map((reach) => ({ name, ...reach })),
    relays: [{ name, calls: new Set([...inside.calls, ...found.calls]) }, ...others],
  };
}

/** Of statements that stand in one, or of one that may be read in several ways. */
export const together = (parts: readonly Reaching[]): Reaching => ({
  reaches: unique(parts.flatMap(({ reaches }) => reaches)),
  calls: new Set(parts.flatMap(({ calls }) => [...calls])),
  defines: parts.flatMap(({ defines }) => defines),
  relays: parts.flatMap(({ relays }) => relays),
});

/** What runs without being called, by the names it runs by. */
function keptIn(tree: Node, inside: Found): Pick<Shape, 'defines' | 'relays'> {
  const names = keepersIn(tree);
  if (names.length === 0) return { defines: [], relays: [] };
  // What a rule reads and writes is read and written later.
  const all = 'RuleStmt' in tree ? collectedIn(tree, true) : inside;
  const kept = [...names.map((name) => ({ name, found: all })), { name: unseen, found: computedIn(tree) }];
  return {
    defines: kept.flatMap(({ name, found }) => unique(found.reaches).map((reach) => ({ name, ...reach }))),
    relays: kept.flatMap(({ name, found: { calls } }) => (calls.size > 0 ? [{ name, calls }] : [])),
  };
}

/** What a table computes whenever something is done with its rows, also by ALTER TABLE. */
function computedIn(tree: Node): Found {
  const all: Found = { reaches: [], calls: new Set() };
  if (!('CreateStmt' in tree || 'AlterTableStmt' in tree)) return all;
  visit(tree, (key, value: Constraint) => {
    if (key !== 'partspec' && !(key === 'Constraint' && value.contype !== 'CONSTR_DEFAULT')) return;
    const { reaches, calls } = collectedIn(value, false);
    all.reaches.push(...reaches);
    for (const name of calls) all.calls.add(name);
  });
  return all;
}

/**
 * What code would reach if it ran: the body of a function or DO block, or SQL that nobody can parse.
 *
 * @param language `plpgsql`, `sql` or any other; decides whether text in quotes may be code
 */
export const reachesOfBody = (text: string, language = 'plpgsql'): Pick<Shape, 'reaches' | 'calls'> => {
  const found: Found = { reaches: [], calls: new Set() };
  for (const piece of piecesOf(text)) addCode(found, { text: piece, language });
  return { reaches: unique(found.reaches), calls: found.calls };
};

/**
 * Names that reach outside when they are used, gathered statement by statement.
 *
 * To be told of a statement, and asked about it, before it runs. A name stands for all objects of that name: schemas
 * and arguments are not looked at.
 */
export class ReachingNames {
  private readonly reaches: Map<string, readonly Reach[]>;
  private readonly calls: Map<string, ReadonlySet<string>>;
  /** Looked through as well. */
  private readonly upon: ReachingNames | undefined;
  private readonly layers: number;

  /** @param upon known too, and not changed by what is learned here */
  constructor(upon?: ReachingNames) {
    this.upon = upon;
    this.layers = upon ? upon.layers + 1 : 0;
    this.reaches = new Map();
    this.calls = new Map();
  }

  /** The same in one layer, when there are so many that each look would take long. */
  settled(): ReachingNames {
    if (this.layers < mostLayers) return this;
    const whole = new ReachingNames();
    for (const { reaches, calls } of this.all()) {
      for (const [name, it] of reaches) whole.reaches.set(name, it);
      for (const [name, it] of calls) whole.calls.set(name, it);
    }
    return whole;
  }

  /** What a statement would reach, by itself and through everything that it uses. */
  reachesOf({ reaches, calls }: Pick<Shape, 'reaches' | 'calls'>): Reach[] {
    const found = [...reaches];
    for (const [name, by] of this.usedWith(calls)) {
      for (const { where, says } of this.reachesBy(name)) {
        const usage = usageOf(by) ?? (name === by || alongWith(by).includes(name) ? `uses ${by}` : undefined);
        found.push({ where, says: usage === undefined || by === unseen ? says : `${usage}, which ${says}` });
      }
    }
    return unique(found);
  }

  /**
   * What runs without being named would reach with the statement, which makes something anew that it calls.
   *
   * To be asked when the statement is known already.
   */
  reachesUnseen({ defines, relays }: Pick<Shape, 'defines' | 'relays'>): Reach[] {
    const made = new Set([...defines, ...relays].map(({ name }) => name));
    made.delete(unseen);
    if (made.size === 0) return [];
    const used = this.usedWith([unseen]);
    return [...made]
      .filter((name) => used.has(name))
      .flatMap((name) =>
        this.reachesOf({ reaches: [], calls: new Set([name]) }).map(({ where, says }) => ({
          where,
          says: `changes what types, operators, indexes or event triggers call: it ${says}`,
        })),
      );
  }

  /** Whether it would reach by way of a type or an operator: where such are not made, Postgres cannot read it either. */
  reachesByTypes({ calls }: Pick<Shape, 'calls'>): boolean {
    return [...this.usedWith(calls).keys()].some(
      (name) => isMadeOf(name) && this.reachesOf({ reaches: [], calls: new Set([name]) }).length > 0,
    );
  }

  /** All names that are used with these, and themselves, each with that one of these by which it is. */
  private usedWith(names: Iterable<string>): ReadonlyMap<string, string> {
    const seen = new Map([...names].map((name) => [name, name]));
    // A map that grows while it is walked shows what was added, too.
    for (const [name, by] of seen) {
      for (const other of [...alongWith(name), ...this.callsBy(name)]) if (!seen.has(other)) seen.set(other, by);
    }
    return seen;
  }

  /** A definition replaces nothing: an older function of that name may have other arguments. */
  learn({ defines, relays }: Pick<Shape, 'defines' | 'relays'>): void {
    for (const { name, where, says } of defines) {
      this.reaches.set(name, [...this.reachesBy(name), { where, says }]);
    }
    for (const { name, calls } of relays) {
      this.calls.set(name, new Set([...this.callsBy(name), ...calls]));
    }
  }

  /** What is learned of a name holds what was known below. */
  private reachesBy(name: string): readonly Reach[] {
    return this.reaches.get(name) ?? this.upon?.reachesBy(name) ?? [];
  }

  private callsBy(name: string): Iterable<string> {
    return this.calls.get(name) ?? this.upon?.callsBy(name) ?? [];
  }

  /** The lowest one first. */
  private all(): ReachingNames[] {
    return [...(this.upon?.all() ?? []), this];
  }
}

/** Each look goes through them. */
const mostLayers = 8;

type Found = { readonly reaches: Reach[]; readonly calls: Set<string> };

function collected(tree: Node): Found {
  const found = collectedIn(tree, usesRelations.has(tagOf(tree)));
  if (makesValues.has(tagOf(tree))) {
    const isTable = 'CreateStmt' in tree || 'CreateForeignTableStmt' in tree;
    for (const name of typesIn(tree, isTable ? 'computed' : 'anywhere')) found.calls.add(name);
  }
  if ('AlterDomainStmt' in tree && tree.AlterDomainStmt.subtype === 'V')
    found.calls.add(typeNamed(lastOf(partsOf(tree.AlterDomainStmt.typeName))));
  if ('DoStmt' in tree) addCode(found, codeIn(tree.DoStmt.args));
  if ('DefineStmt' in tree && tree.DefineStmt.kind !== 'OBJECT_AGGREGATE')
    addDefinition(found, tree.DefineStmt.definition);
  for (const name of functionsNamed(tree)) addFunction(found, name);
  for (const name of [...objectsSpokenOf(tree), ...tablesBehind(tree)]) found.calls.add(name);
  return found;
}

/** Functions called anywhere in it, text handed to them that is code, operators, and relations whose rows are used. */
function collectedIn(tree: unknown, usesRows: boolean): Found {
  const found: Found = { reaches: [], calls: new Set() };
  visit(tree, (key, value) => {
    if (key === 'FuncCall' || key === 'funccall') addCall(found, value);
    if (key === 'A_Expr' || key === 'SubLink' || key === 'SortBy') addOperator(found, value);
    if (key === 'ExecuteStmt' || key === 'FetchStmt') addPrepared(found, value);
    if (key === 'ColumnRef' || key === 'A_Indirection') addFields(found, value);
    const write = writes[key];
    if (write !== undefined) addWrite(found, write, value);
    if (usesRows && (key === 'RangeVar' || key === 'relation')) addRelation(found, value);
  });
  return found;
}

/** Statements that touch the rows of the relations they name; the others only change what is known about them. */
const usesRelations: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'CreateTableAsStmt',
  'ExplainStmt',
  'PrepareStmt',
  'DeclareCursorStmt',
  'RefreshMatViewStmt',
  'TruncateStmt',
  'VacuumStmt',
  'ViewStmt',
  'CreateFunctionStmt',
]);

/** Statements that make values of the types they name; the others only speak of these. */
const makesValues: ReadonlySet<string> = new Set([
  ...usesRelations,
  'AlterTableStmt',
  'AlterDomainStmt',
  'CallStmt',
  'CreatePolicyStmt',
  'AlterPolicyStmt',
  'CreateStatsStmt',
  'CreateStmt',
  'CreateForeignTableStmt',
  'CreateTrigStmt',
  'ExecuteStmt',
  'IndexStmt',
  'RuleStmt',
]);

function addOperator({ calls }: Found, { name, operName, useOp }: A_Expr & SubLink & SortBy): void {
  const operator = lastOf(partsOf(name ?? operName ?? useOp));
  if (operator !== '' && !isCommonOperator(operator)) calls.add(operator);
}

/** `row.name` calls a function of that name where the row has no such column. */
function addFields({ calls }: Found, { fields, indirection }: ColumnRef & A_Indirection): void {
  for (const name of [...partsOf(fields?.slice(1)), ...partsOf(indirection)]) if (name !== '') calls.add(name);
}

function addPrepared({ calls }: Found, { name, portalname }: ExecuteStmt & FetchStmt): void {
  calls.add(prepared(name ?? portalname ?? ''));
}

function addFunction(found: Found, name: string): void {
  found.calls.add(name);
  const reach = reachOfFunction(name);
  if (reach) found.reaches.push(reach);
}

/** Functions that read the tables and views that they are told of. */
const readsNamed = /^(?:table|schema|database)_to_xml\w*$/;

function addCall(found: Found, { funcname, args }: FuncCall): void {
  const name = lastOf(partsOf(funcname));
  addFunction(found, name);
  if (readsNamed.test(name) || (takesQuery.test(name) && args?.some((arg) => !('A_Const' in arg))))
    found.reaches.push({ where: 'machine', says: `runs SQL that cannot be read beforehand (${name})` });
  for (const arg of args ?? []) {
    const literal = 'A_Const' in arg ? (arg.A_Const.sval?.sval ?? '') : '';
    // Some functions run the text that they are given: query_to_xml, crosstab, helpers of the project.
    if (isCode(literal)) addCode(found, { text: literal, language: 'sql' });
  }
}

/** The functions of an operator, a type or an aggregate stand among its other options. */
function addDefinition(found: Found, definition: readonly Node[] = []): void {
  visit(
    definition,
    (key, { defname = '' }: DefElem) => !(key === 'DefElem' && /^(?:left|right)arg$/.test(defname)),
    (key, value) => {
      if (key === 'sval') addFunction(found, value);
    },
  );
}

/** Statements that write rows, wherever they stand, and how they begin. */
const writes: Readonly<Record<string, string>> = {
  InsertStmt: 'insert into',
  UpdateStmt: 'update',
  DeleteStmt: 'delete from',
  MergeStmt: 'merge into',
};

function addWrite({ reaches }: Found, begins: string, { relation }: { readonly relation?: RangeVar }): void {
  const reach = reachOfStatement(wordsOf(tokensOf(`${begins} ${relation?.relname ?? ''}`)));
  if (reach) reaches.push(reach);
}

function addRelation({ calls }: Found, { relname }: RangeVar): void {
  if (relname !== undefined) calls.add(relname);
}

function addCode(found: Found, { text, language }: Code): void {
  const { reaches, calls } = reachesOfCode(text, language);
  found.reaches.push(...reaches);
  for (const name of calls) found.calls.add(name);
}

/** What is made and harmless until it is used; its body, where that is text. */
function definitionIn(tree: Node): { readonly name: string; readonly found: Found } | undefined {
  const found: Found = { reaches: [], calls: new Set() };
  if ('CreateFunctionStmt' in tree) {
    const { funcname, options } = tree.CreateFunctionStmt;
    const code = codeIn(options);
    if (code.language.toLowerCase() === 'internal') addFunction(found, code.text);
    else addCode(found, code);
    return { name: lastOf(partsOf(funcname)), found };
  }
  if ('ViewStmt' in tree) return { name: tree.ViewStmt.view?.relname ?? '', found };
  if ('CreateForeignTableStmt' in tree) {
    const { base, servername = '' } = tree.CreateForeignTableStmt;
    found.reaches.push({ where: 'machine', says: `reads or writes outside the database (server ${servername})` });
    return { name: base?.relation?.relname ?? '', found };
  }
  return relayIn(tree, found);
}

/** An aggregate runs its functions, and a new name leads to the old one. */
function relayIn(tree: Node, found: Found): { readonly name: string; readonly found: Found } | undefined {
  if ('DefineStmt' in tree && tree.DefineStmt.kind === 'OBJECT_AGGREGATE') {
    addDefinition(found, tree.DefineStmt.definition);
    return { name: lastOf(partsOf(tree.DefineStmt.defnames)), found };
  }
  if ('RenameStmt' in tree && tree.RenameStmt.newname !== undefined) {
    const { newname, relation, object, subname } = tree.RenameStmt;
    if (subname !== undefined) return undefined;
    found.calls.add(relation?.relname ?? lastOf(objectParts(object)));
    return { name: newname, found };
  }
  return undefined;
}

function unique(reaches: readonly Reach[]): Reach[] {
  return [...new Map(reaches.map((reach) => [reach.says, reach])).values()];
}
