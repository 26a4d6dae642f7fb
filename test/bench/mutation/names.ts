/** Where does a statement name things that must be there? Places are tokens, exact by the syntax tree. */
import type { Node, RangeVar, TypeName } from 'libpg-query';
import { foldedName, type Token } from '../../../server/engine/sql/tokens';
import { objectParts, partsOf, textOf, visit } from '../../../server/engine/sql/tree';
import { isNameToken, lastPartAt, type Site, spelt } from './site';

export interface Names {
  readonly schemas: readonly Token[];
  readonly tables: readonly Token[];
  readonly columns: readonly Token[];
  readonly types: readonly Token[];
  readonly functions: readonly Token[];
}

type Kind = keyof Names;
type Fields = Readonly<Record<string, unknown>>;
type Add = (kind: Kind, token: Token | undefined) => void;

export function namesIn(site: Site): Names {
  const found: Record<Kind, Token[]> = { schemas: [], tables: [], columns: [], types: [], functions: [] };
  const add: Add = (kind, token) => {
    if (token && !found[kind].includes(token)) found[kind].push(token);
  };
  const made = new Set<unknown>();
  visit(site.tree, (key, value) => {
    const fields = value as Fields;
    const maker = makers[key];
    if (maker) made.add(fields[maker]);
    if ('relname' in fields && !made.has(value)) addRelation(value, site, add);
    finders[key]?.(fields, site, add);
    if ('typemod' in fields && 'names' in fields) addType(value, site, add);
  });
  return found;
}

/** Fields that name what a statement makes: a misspelt one is only another name. */
const makers: Readonly<Record<string, string>> = {
  CreateStmt: 'relation',
  base: 'relation',
  ViewStmt: 'view',
  CreateSeqStmt: 'sequence',
  CompositeTypeStmt: 'typevar',
  into: 'rel',
};

function addRelation({ schemaname, location }: RangeVar, { tokens, at }: Site, add: Add): void {
  const token = lastPartAt(tokens, at(location));
  add('tables', token);
  if (schemaname) add('schemas', tokens[tokens.findIndex((it) => it === token) - 2]);
}

/** Types of several words are left out: a misspelt word in them is a syntax error. */
function addType({ names, location }: TypeName, { tokens, at }: Site, add: Add): void {
  const token = lastPartAt(tokens, at(location));
  if (!token || /^(?:setof|double|character|national|bit|time|timestamp|interval)$/i.test(token.text)) return;
  const last = textOf(names?.at(-1));
  if (foldedName(token.text) === last || !isWritten(last, tokens)) add('types', token);
}

const isWritten = (name: string, tokens: readonly Token[]): boolean =>
  tokens.some((it) => isNameToken(it) && foldedName(it.text) === name);

/** By the key of the node. */
const finders: Readonly<Record<string, (fields: Fields, site: Site, add: Add) => void>> = {
  ColumnRef({ fields, location }, { tokens, at }, add) {
    const parts = partsOf(fields as Node[]);
    if (parts.at(-1) !== '') add('columns', lastPartAt(tokens, at(location as number)));
  },
  FuncCall({ funcname, funcformat, location }, { tokens, at }, add) {
    const token = lastPartAt(tokens, at(location as number));
    if (funcformat !== 'COERCE_SQL_SYNTAX' && token && foldedName(token.text) === partsOf(funcname as Node[]).at(-1))
      add('functions', token);
  },
  CreateTrigStmt({ funcname }, { tokens, statement }, add) {
    const execute = tokens.findLast(({ text }) => /^execute$/i.test(text))?.range.start ?? statement.range.end;
    add('functions', spelt(tokens, partsOf(funcname as Node[]).at(-1), execute));
  },
  IndexStmt({ indexParams, relation }, { tokens, at }, add) {
    const from = lastPartAt(tokens, at((relation as RangeVar).location))?.range.end ?? at(0);
    for (const name of namesOf(indexParams, 'IndexElem', 'name')) add('columns', spelt(tokens, name, from));
  },
  Constraint({ keys, fk_attrs, pk_attrs, pktable, location }, { tokens, at }, add) {
    const from = at(location as number);
    for (const name of [...strings(keys), ...strings(fk_attrs)]) add('columns', spelt(tokens, name, from));
    const target = lastPartAt(tokens, at((pktable as RangeVar | undefined)?.location))?.range.end ?? from;
    for (const name of strings(pk_attrs)) add('columns', spelt(tokens, name, target));
  },
  AlterTableCmd({ subtype, name }, { tokens }, add) {
    if (!/^AT_(?:DropColumn|AlterColumnType|ColumnDefault|SetNotNull|DropNotNull)$/.test(String(subtype))) return;
    const token = tokens.find(
      (it, i) =>
        isNameToken(it) &&
        foldedName(it.text) === name &&
        /^(?:column|drop|alter|exists)$/i.test(tokens[i - 1]?.text ?? ''),
    );
    add('columns', token);
  },
  RenameStmt({ renameType, subname, relation }, { tokens, at }, add) {
    const from = lastPartAt(tokens, at((relation as RangeVar | undefined)?.location))?.range.end ?? at(0);
    if (renameType === 'OBJECT_COLUMN') add('columns', spelt(tokens, String(subname), from));
  },
  CommentStmt({ objtype, object }, { tokens, at }, add) {
    const parts = objectParts(object as Node);
    if (objtype === 'OBJECT_COLUMN') add('columns', spelt(tokens, parts.at(-1), at(0)));
  },
  InsertStmt: ({ cols }, site, add) => addTargets(cols, site, add),
  UpdateStmt: ({ targetList }, site, add) => addTargets(targetList, site, add),
  onConflictClause: ({ targetList }, site, add) => addTargets(targetList, site, add),
};

function addTargets(nodes: unknown, { tokens, at }: Site, add: Add): void {
  for (const node of (nodes as readonly Node[] | undefined) ?? [])
    if ('ResTarget' in node) add('columns', lastPartAt(tokens, at(node.ResTarget.location)));
}

const strings = (nodes: unknown): string[] => ((nodes as readonly Node[] | undefined) ?? []).map(textOf);

const namesOf = (nodes: unknown, tag: string, field: string): string[] =>
  ((nodes as readonly Readonly<Record<string, Fields>>[] | undefined) ?? []).flatMap((node) => {
    const name = node[tag]?.[field];
    return typeof name === 'string' ? [name] : [];
  });
