/**
 * What would a statement reach outside the database it runs in, as far as can be seen?
 *
 * A statement reaches by what it is, by the functions it calls and by code that it holds as text. What only *makes*
 * something dangerous is harmless and runs: a function, a view, a foreign table (and servers and user mappings, which
 * connect to nobody). `defines` and `relays` tell what they will do, so that a later use is seen; `ReachingNames` joins
 * the two. Expressions that Postgres keeps elsewhere (defaults, checks, policies, rules, triggers, operators) cannot be followed
 * to their use and count where they are made.
 */
import type { CreateStmt, FuncCall, Node, RangeVar } from 'libpg-query';
import { reachOfFunction } from './reachingFunctions';
import { reachOfStatement } from './reachingStatements';
import { isCode, reachesOfCode } from './reachingCode';
import type { Reach, Relay, Shape } from './statement';
import { tokensOf } from './tokens';
import { type Code, codeIn, lastOf, objectParts, partsOf, tagOf, visit } from './tree';
import { type Words, wordsOf } from './words';

export type Reaching = Pick<Shape, 'reaches' | 'calls' | 'defines' | 'relays'>;

/** @param tree the statement as libpg_query gives it */
export function reachesOfTree(tree: Node, words: Words): Reaching {
  const own = reachOfStatement(words);
  const inside = collected(tree);
  const definition = definitionIn(tree);
  const heirs = heirsIn(tree);
  if (!definition) {
    return {
      reaches: unique([...(own ? [own] : []), ...inside.reaches]),
      calls: inside.calls,
      defines: [],
      relays: heirs,
    };
  }
  const { name, found } = definition;
  return {
    reaches: own ? [own] : [],
    calls: new Set(),
    // Code that is loaded may be there already, or have got there on another way: who calls it runs it.
    defines: unique([...(own ? [own] : []), ...inside.reaches, ...found.reaches]).map((reach) => ({ name, ...reach })),
    relays: [{ name, calls: new Set([...inside.calls, ...found.calls]) }, ...heirs],
  };
}

/**
 * What code would reach if it ran: the body of a function or DO block, or SQL that nobody can parse.
 *
 * @param language `plpgsql`, `sql` or any other; decides whether text in quotes may be code
 */
export const reachesOfBody = (text: string, language = 'plpgsql'): Pick<Shape, 'reaches' | 'calls'> => {
  const { reaches, calls } = reachesOfCode(text, language);
  return { reaches: unique(reaches), calls };
};

/**
 * Names that reach outside when they are used, gathered statement by statement.
 *
 * To be asked before a statement runs and told about it afterwards. A name stands for all objects of that name: schemas
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
    const seen = new Set(calls);
    // A set that grows while it is walked shows what was added, too.
    for (const name of seen) {
      for (const { where, says } of this.reachesBy(name)) {
        found.push({ where, says: calls.has(name) ? `uses ${name}, which ${says}` : says });
      }
      for (const called of this.callsBy(name)) seen.add(called);
    }
    return unique(found);
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

/** Functions called anywhere in the tree, text handed to them that is code, and relations that it reads or writes. */
function collected(tree: Node): Found {
  const found: Found = { reaches: [], calls: new Set() };
  const usesRows = usesRelations.has(tagOf(tree));
  visit(tree, (key, value) => {
    if (key === 'FuncCall' || key === 'funccall') addCall(found, value);
    const write = writes[key];
    if (write !== undefined) addWrite(found, write, value);
    if (usesRows && (key === 'RangeVar' || key === 'relation')) addRelation(found, value);
  });
  if ('DoStmt' in tree) addCode(found, codeIn(tree.DoStmt.args));
  if ('DefineStmt' in tree && tree.DefineStmt.kind !== 'OBJECT_AGGREGATE')
    addDefinition(found, tree.DefineStmt.definition);
  if ('CreateCastStmt' in tree) addFunction(found, lastOf(partsOf(tree.CreateCastStmt.func?.objname)));
  if ('CreateTrigStmt' in tree) found.calls.add(lastOf(partsOf(tree.CreateTrigStmt.funcname)));
  if ('CreateEventTrigStmt' in tree) found.calls.add(lastOf(partsOf(tree.CreateEventTrigStmt.funcname)));
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

function addFunction(found: Found, name: string): void {
  found.calls.add(name);
  const reach = reachOfFunction(name);
  if (reach) found.reaches.push(reach);
}

/** Functions that run the text of an argument, or follow a foreign table that it names. */
const runsText =
  /^(?:(?:query|cursor|table|schema|database)_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table)$/;

function addCall(found: Found, { funcname, args }: FuncCall): void {
  const name = lastOf(partsOf(funcname));
  addFunction(found, name);
  if (runsText.test(name) && args?.some((arg) => !('A_Const' in arg)))
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
    () => true,
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

/** Who reads or writes a table does so with its partitions and all others that inherit from it. */
function heirsIn(tree: Node): Relay[] {
  if ('CreateStmt' in tree) return heirOf(tree.CreateStmt);
  if ('CreateForeignTableStmt' in tree) return heirOf(tree.CreateForeignTableStmt.base ?? {});
  if (!('AlterTableStmt' in tree)) return [];
  const { relation, cmds = [] } = tree.AlterTableStmt;
  const name = relation?.relname ?? '';
  return cmds.flatMap((node): Relay[] => {
    const def = 'AlterTableCmd' in node ? node.AlterTableCmd.def : undefined;
    if (def && 'PartitionCmd' in def) return [{ name, calls: new Set([def.PartitionCmd.name?.relname ?? '']) }];
    return def && 'RangeVar' in def ? [{ name: def.RangeVar.relname ?? '', calls: new Set([name]) }] : [];
  });
}

const heirOf = ({ relation, inhRelations = [] }: CreateStmt): Relay[] =>
  inhRelations.map((parent) => ({ name: lastOf(objectParts(parent)), calls: new Set([relation?.relname ?? '']) }));

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
