/** Could a statement run a function of the user, which may read tables that nobody names? */
import type { Shape } from '../../sql/statement';

/** Functions that are no compiled code. */
export interface Routines {
  readonly names: ReadonlySet<string>;
  /** The schema itself calls one: in an index, a check, a default, an event trigger. */
  readonly inSchema: boolean;
  /** One of them may take back what it has read and written, and its locks with it, or empty a table. */
  readonly losesCounts: boolean;
}

export const mayCall = (shape: Shape, routines: Routines): boolean =>
  routines.inSchema || callsRoutine(shape, routines);

/** By itself. */
export const callsRoutine = ({ node, mentions }: Shape, { names }: Pick<Routines, 'names'>): boolean =>
  runsText.has(node) || (!onlyNames.has(node) && hasAny(mentions, names));

function hasAny(mentions: Shape['mentions'], names: ReadonlySet<string>): boolean {
  for (const name of names) if (mentions.has(name)) return true;
  return false;
}

/** As they are known behind a statement. */
export function routinesAfter(shape: Shape, routines: Routines): Routines {
  const made = shape.makes.flatMap(({ kind, name }) => (kind === 'function' ? [name] : []));
  const inSchema = mayCall(shape, routines);
  const losesCounts = routines.losesCounts || (shape.losesCounts && (made.length > 0 || runsText.has(shape.node)));
  if (made.length === 0 && inSchema === routines.inSchema && losesCounts === routines.losesCounts) return routines;
  return { names: new Set([...routines.names, ...made]), inSchema, losesCounts };
}

/** What they do stands in a text that the grammar does not read. */
const runsText: ReadonlySet<string> = new Set([
  'CallStmt',
  'CreateExtensionStmt',
  'DoStmt',
  'ExecuteStmt',
  'unreadable',
]);

/** Statements that call no function they name, and let none be called but where rows are written or a view is read. */
const onlyNames: ReadonlySet<string> = new Set([
  'AlterFunctionStmt',
  'AlterObjectSchemaStmt',
  'AlterOwnerStmt',
  'AlterPolicyStmt',
  'CommentStmt',
  'CreateFunctionStmt',
  'CreatePolicyStmt',
  'CreateTrigStmt',
  'DropStmt',
  'GrantStmt',
  'RenameStmt',
  'ViewStmt',
]);
