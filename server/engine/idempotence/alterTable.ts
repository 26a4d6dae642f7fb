/** ALTER TABLE and its kin, command by command. */
import type { AlterTableType, Node } from 'libpg-query';
import { effectsOf } from '../sql/effects';
import { type Token, tokensOf } from '../sql/tokens';
import { type NameParts, type NodeOf, relationParts } from '../sql/tree';
import { column, isMissing, isThere, literal, named, ofRelation, relation, typeText } from './conditions';
import { kindWords } from './kinds';
import {
  behind,
  clause,
  guarded,
  kept,
  left,
  outermost,
  type Part,
  tried,
  type Treatment,
  wordAt,
  type Written,
} from './treatment';

type AlterTable = NodeOf<'AlterTableStmt'>;
type Cmd = NodeOf<'AlterTableCmd'>;

/** A command where it is written: its tokens alone. */
interface Command {
  readonly node: Cmd;
  readonly written: Written;
  readonly table: NameParts;
  readonly statement: AlterTable;
}

export function alterTable(statement: AlterTable, written: Written): Treatment {
  const commands = commandsOf(statement, written);
  if (!commands) return tried;
  const treatments = commands.map((it) => treatmentOf(it));
  const isLeft = treatments.find(({ kind }) => kind === 'left');
  if (isLeft) return isLeft;
  const guards = treatments.filter(({ kind }) => kind === 'guarded');
  const [only] = guards;
  if (!only) return joined(treatments);
  if (commands.length === 1) return only;
  return { kind: 'split', parts: partsOf(written, commands, treatments) };
}

function joined(treatments: readonly Treatment[]): Treatment {
  const insertions = treatments.flatMap((it) => (it.kind === 'clauses' ? it.insertions : []));
  if (insertions.length > 0) return { kind: 'clauses', insertions };
  return treatments.some(({ kind }) => kind === 'tried') ? tried : kept;
}

/** Undefined where the text is not as the tree tells. */
function commandsOf(statement: AlterTable, written: Written): readonly Command[] | undefined {
  const { cmds = [], relation: table, objtype } = statement;
  const head = endOfHead(written, kindWords(objtype));
  const groups = byCommas(written.tokens.slice(head));
  if (groups.length !== cmds.length) return undefined;
  return cmds.map((node, i) => ({
    node: 'AlterTableCmd' in node ? node.AlterTableCmd : {},
    written: { text: written.text, tokens: groups[i] ?? [] },
    table: relationParts(table),
    statement,
  }));
}

/** Index of the first token of the first command. */
function endOfHead(written: Written, words: number): number {
  let at = 1 + words;
  if (wordAt(written, at) === 'if' && wordAt(written, at + 1) === 'exists') at += 2;
  if (wordAt(written, at) === 'only') at++;
  const { tokens } = written;
  const isOpen = tokens[at]?.text === '(';
  if (isOpen) at++;
  at++;
  while (tokens[at]?.text === '.') at += 2;
  if (isOpen || tokens[at]?.text === '*') at++;
  return at;
}

function byCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const commas = new Set(outermost(tokens).filter(({ text }) => text === ','));
  const groups: Token[][] = [[]];
  for (const token of tokens) {
    if (commas.has(token)) groups.push([]);
    else groups.at(-1)?.push(token);
  }
  return groups;
}

/** Each command as a statement of its own, with the comments around it. */
function partsOf(written: Written, commands: readonly Command[], treatments: readonly Treatment[]): Part[] {
  const { text } = written;
  const [first] = commands;
  const headEnd = first?.written.tokens[0]?.range.start ?? 0;
  const head = text.slice(0, written.tokens.findLast(({ range }) => range.end <= headEnd)?.range.end);
  return commands.map(({ written: { tokens } }, i) => {
    const [start, end] = [tokens[0]?.range.start ?? 0, tokens.at(-1)?.range.end ?? 0];
    const treatment = treatments[i];
    const insertions = treatment?.kind === 'clauses' ? treatment.insertions : [];
    let [own, at] = ['', start];
    for (const insertion of insertions) {
      own += text.slice(at, insertion.at) + insertion.text;
      at = insertion.at;
    }
    return {
      text: `${head} ${own}${text.slice(at, end)}`,
      ...(treatment?.kind === 'guarded' && { when: treatment.when }),
      // What stands behind a command up to the next one is its own; before the first one, that one's.
      before: i === 0 ? commentsIn(text, head.length, start) : [],
      behind: commentsIn(text, end, commands[i + 1]?.written.tokens[0]?.range.start ?? text.length),
    };
  });
}

const commentsIn = (text: string, start: number, end: number): readonly string[] =>
  tokensOf(text, { start, end }).flatMap(({ kind, text: it }) => (kind === 'comment' ? [it] : []));

function treatmentOf(command: Command): Treatment {
  const { subtype } = command.node;
  const handler = subtype && handlers[subtype];
  if (handler) return handler(command);
  return subtype && repeatable.has(subtype) ? kept : tried;
}

const handlers: { readonly [Type in AlterTableType]?: (command: Command) => Treatment } = {
  AT_AddColumn({ node: { missing_ok, def }, written, table, statement }) {
    if (missing_ok) return kept;
    // A composite type has no IF NOT EXISTS.
    if (statement.objtype === 'OBJECT_TYPE') return guarded(isMissing('pg_attribute', column(table, nameOf(def))));
    return clause(written, wordAt(written, 1) === 'column' ? 1 : 0, 'IF NOT EXISTS');
  },
  AT_DropColumn: ({ node: { missing_ok }, written }) =>
    missing_ok ? kept : clause(written, /^(?:column|attribute)$/.test(wordAt(written, 1)) ? 1 : 0, 'IF EXISTS'),
  AT_DropConstraint: ({ node: { missing_ok }, written }) => (missing_ok ? kept : clause(written, 1, 'IF EXISTS')),
  AT_DropIdentity: lastWords,
  AT_DropExpression: lastWords,
  AT_AddConstraint(command) {
    const name = constraintName(command);
    if (name === undefined) return left('Nobody can tell the name that the constraint would have: give it one.');
    const { table } = command;
    return guarded(isMissing('pg_constraint', `${ofRelation('conrelid', table)} AND ${named('conname', name)}`));
  },
  AT_AddIdentity: ({ node: { name = '' }, table }) =>
    guarded(isThere('pg_attribute', `${column(table, name)} AND attidentity = ''`)),
  AT_AlterColumnType: alterType,
  AT_AddInherit: ({ node: { def }, table }) =>
    guarded(isMissing('pg_inherits', inherits(table, def && 'RangeVar' in def ? relationParts(def.RangeVar) : []))),
  AT_DropInherit: ({ node: { def }, table }) =>
    guarded(isThere('pg_inherits', inherits(table, def && 'RangeVar' in def ? relationParts(def.RangeVar) : []))),
  AT_AttachPartition: ({ node: { def }, table }) => guarded(isMissing('pg_inherits', inherits(partition(def), table))),
  AT_DetachPartition({ node: { def }, table }) {
    if (def && 'PartitionCmd' in def && def.PartitionCmd.concurrent)
      return left('DETACH PARTITION CONCURRENTLY has no IF EXISTS, and must not stand in a block.');
    return guarded(isThere('pg_inherits', inherits(partition(def), table)));
  },
};

function lastWords({ node: { missing_ok }, written }: Command): Treatment {
  if (missing_ok) return kept;
  const insertion = behind(written, written.tokens.length - 1, 'IF EXISTS');
  return insertion ? { kind: 'clauses', insertions: [insertion] } : tried;
}

/** Without USING the second run finds the type there. With it, values would be converted once more. */
function alterType({ node: { name = '', def }, table, statement }: Command): Treatment {
  if (!def || !('ColumnDef' in def) || !def.ColumnDef.raw_default || statement.objtype === 'OBJECT_TYPE') return kept;
  const { typeName } = def.ColumnDef;
  const written = typeText(typeName);
  if (written === undefined || typeName?.typmods?.length)
    return left('USING would convert the values once more, and no check of the catalog tells whether it has.');
  return guarded(isThere('pg_attribute', `${column(table, name)} AND atttypid <> ${literal(written)}::regtype`));
}

const inherits = (child: NameParts, parent: NameParts): string =>
  `${ofRelation('inhrelid', child)} AND inhparent = ${relation(parent)}`;

const partition = (def: Node | undefined): NameParts =>
  def && 'PartitionCmd' in def ? relationParts(def.PartitionCmd.name) : [];

const nameOf = (def: Node | undefined): string => (def && 'ColumnDef' in def ? (def.ColumnDef.colname ?? '') : '');

/** As written, or as Postgres would choose it. */
function constraintName({ node, statement }: Command): string | undefined {
  const { makes } = effectsOf([{ AlterTableStmt: { ...statement, cmds: [{ AlterTableCmd: node }] } }]);
  return makes.find(({ kind }) => kind === 'constraint')?.name;
}

/** Run again they find what they would make. */
const repeatable: ReadonlySet<AlterTableType> = new Set<AlterTableType>([
  'AT_ColumnDefault',
  'AT_DropNotNull',
  'AT_SetNotNull',
  'AT_SetExpression',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_SetStorage',
  'AT_SetCompression',
  'AT_AlterConstraint',
  'AT_ValidateConstraint',
  'AT_ChangeOwner',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_SetLogged',
  'AT_SetUnLogged',
  'AT_SetAccessMethod',
  'AT_SetTableSpace',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_EnableTrig',
  'AT_EnableAlwaysTrig',
  'AT_EnableReplicaTrig',
  'AT_DisableTrig',
  'AT_EnableTrigAll',
  'AT_DisableTrigAll',
  'AT_EnableTrigUser',
  'AT_DisableTrigUser',
  'AT_EnableRule',
  'AT_EnableAlwaysRule',
  'AT_EnableReplicaRule',
  'AT_DisableRule',
  'AT_ReplicaIdentity',
  'AT_EnableRowSecurity',
  'AT_DisableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_NoForceRowSecurity',
  'AT_GenericOptions',
  'AT_SetIdentity',
]);
