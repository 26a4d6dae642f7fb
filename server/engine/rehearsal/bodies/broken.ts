/**
 * Routines that a statement breaks: Postgres does not know what their bodies need, and lets it go.
 *
 * Asked before and after the statement, for those whose text may be about what it alters or drops. Nothing is asked for
 * a statement that alters and drops nothing.
 */
import type { Session } from '../../database/session';
import type { ObjectName, Shape, Statement } from '../../sql/statement';
import { nameParts } from '../../sql/tokens';
import { problemsIn } from './check';
import { extensionOf } from './plpgsqlCheck';
import type { BodyProblem, BrokenRoutine } from './problem';
import { type Routine, withOids } from './routine';
import { aside } from '../../database/aside';

/** Routines that may break, each with what was wrong with it before. */
export type Risk = ReadonlyMap<string, { readonly routine: Routine; readonly known: ReadonlySet<string> }>;

interface Limits {
  readonly statementMs: number;
}

/**
 * To be asked before the statement runs.
 *
 * @returns undefined when it cannot break any
 */
export async function routinesAtRisk(
  session: Session,
  statement: Statement,
  shape: Shape,
  limits: Limits,
): Promise<Risk | undefined> {
  const names = namesAltered(statement.text, shape);
  const all = /\bcascade\s*$/i.test(statement.text);
  if (names.size === 0) return undefined;
  const risk = await aside(session, async () => {
    const found = await session.rows<{ oid: string }>(candidates, [[...names], all]);
    const routines = await withOids(
      session,
      found.map(({ oid }) => oid),
    );
    return new Map(await withProblems(session, routines, limits));
  });
  return risk && risk.size > 0 ? risk : undefined;
}

/** To be asked after the statement: those that it has broken, each with the first thing that is wrong with it now. */
export async function brokenRoutines(session: Session, risk: Risk, limits: Limits): Promise<BrokenRoutine[]> {
  const now = await aside(session, async () =>
    withProblems(session, (await withOids(session, [...risk.keys()])).filter(isSame(risk)), limits),
  );
  return (now ?? []).flatMap(([oid, { routine, problems }]) => {
    const problem = problems.find((it) => !risk.get(oid)?.known.has(keyOf(it)));
    return problem ? [{ oid, signature: routine.signature, body: routine.body, problem }] : [];
  });
}

/** To be asked at the end of the script, which may have mended or replaced them: those of them that are still broken. */
export async function stillBroken(
  session: Session,
  broken: readonly BrokenRoutine[],
  limits: Limits,
): Promise<BrokenRoutine[]> {
  if (broken.length === 0) return [];
  const oids = [...new Set(broken.map(({ oid }) => oid))];
  const now = new Map(await aside(session, async () => withProblems(session, await withOids(session, oids), limits)));
  return broken.filter(({ oid, body, problem }) => {
    const today = now.get(oid);
    return today?.routine.body === body && today.known.has(keyOf(problem));
  });
}

type Checked = [string, { routine: Routine; known: ReadonlySet<string>; problems: readonly BodyProblem[] }];

async function withProblems(session: Session, routines: readonly Routine[], limits: Limits): Promise<Checked[]> {
  const checked: Checked[] = [];
  const extension = await extensionOf(session, limits.statementMs);
  for (const routine of routines) {
    const problems = await problemsIn(session, routine, extension, limits.statementMs);
    checked.push([routine.oid, { routine, known: new Set(problems.map(keyOf)), problems }]);
  }
  return checked;
}

const keyOf = ({ refusal: { sqlState, message }, range }: BodyProblem): string =>
  `${sqlState} ${range.start} ${message}`;

const isSame =
  (risk: Risk) =>
  ({ oid, body }: Routine): boolean =>
    risk.get(oid)?.routine.body === body;

/** Names that a body may be about when it is broken by this statement. */
function namesAltered(text: string, { node, takes }: Shape): Set<string> {
  const names = new Set<string>();
  if (!altering.has(node) || (node === 'AlterTableStmt' && !changesColumns.test(text))) return names;
  for (const { kind, name, of } of takes) {
    if (bodyless.has(kind)) continue;
    if (of === undefined) names.add(name);
    else if (of !== '') names.add(of);
  }
  if (node === 'AlterTableStmt') {
    const [, table = ''] = /^alter\s+(?:foreign\s+)?\w+\s+(?:if\s+exists\s+)?(?:only\s+)?([^\s;]+)/i.exec(text) ?? [];
    const name = nameParts(table).at(-1);
    if (name !== undefined) names.add(name);
  }
  return names;
}

const altering: ReadonlySet<string> = new Set(['DropStmt', 'RenameStmt', 'AlterObjectSchemaStmt', 'AlterTableStmt']);

/** Bodies do not speak of those. */
const bodyless: ReadonlySet<ObjectName['kind']> = new Set(['role', 'other', 'extension']);

/** A column that is added may have the name of a variable, an index that goes may be that of ON CONFLICT. */
const changesColumns =
  /\bdrop\s+(?!not\b|default\b|identity\b|expression\b)|\btype\b|\badd\s+(?!constraint\b|primary\b|unique\b|foreign\b|check\b|exclude\b)/i;

/** Many more would take longer than anybody waits. */
const mostCandidates = 200;

/** `$1` names, `$2` whether dependents go too, of which the statement says nothing. Members of extensions are not ours. */
const candidates = `
  with altered (name) as (
    select name from pg_catalog.unnest($1::text[]) name
    union
    select t.relname from pg_catalog.pg_index i
      join pg_catalog.pg_class x on x.oid = i.indexrelid
      join pg_catalog.pg_class t on t.oid = i.indrelid
     where x.relname = any ($1::text[]))
  select p.oid::text
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang
   where n.nspname not in ('pg_catalog', 'information_schema') and l.lanname in ('plpgsql', 'sql')
     and p.prosqlbody is null and p.prokind in ('f', 'p')
     and not exists (select from pg_catalog.pg_depend d
                      where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
     and ($2::boolean
          or exists (select from altered where pg_catalog.strpos(pg_catalog.lower(p.prosrc), pg_catalog.lower(name)) > 0)
          or exists (select from pg_catalog.pg_class c join altered on name = c.relname
                      where c.reltype = any (p.proargtypes::oid[])
                         or exists (select from pg_catalog.pg_trigger g where g.tgrelid = c.oid and g.tgfoid = p.oid)))
   order by p.oid limit ${mostCandidates}`;
