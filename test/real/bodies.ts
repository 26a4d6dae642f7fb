/**
 * What is said about the bodies of real projects: each finding here is either a mistake of theirs or one of ours.
 *
 *     node --import=tsx test/real/bodies.ts [--major 18] file.sql folder…
 *
 * Files are run in their order, statement by statement; what is refused is left out. A folder stands for the SQL files
 * in it, in the order of the numbers in their names, without down scripts. Then every routine of the database is checked.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TextRange } from '../../server/engine/base/text';
import type { Refusal, Session } from '../../server/engine/database/session';
import { problemsIn } from '../../server/engine/rehearsal/bodies/check';
import { judgeOf } from '../../server/engine/rehearsal/bodies/judge';
import { ownPass } from '../../server/engine/rehearsal/bodies/ownPass';
import { survey } from '../../server/engine/rehearsal/bodies/places';
import { type Routine, withOids } from '../../server/engine/rehearsal/bodies/routine';
import { aside } from '../../server/engine/database/aside';
import { loadParser } from '../../server/engine/sql/parse';
import { parseBody } from '../../server/engine/sql/plpgsql/parse';
import { statementsOf } from '../../server/engine/sql/scan';
import { majorOf, servers, stopServers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { major: { type: 'string', default: String(servers.newest) }, verbose: { type: 'boolean', default: false } },
});

void main();

async function main(): Promise<void> {
  const major = majorOf(values.major);
  await loadParser();
  try {
    await withDatabase(major, (url) => withSession(url, report));
  } finally {
    await stopServers();
  }
}

async function report(session: Session): Promise<void> {
  let [ran, refused] = [0, 0];
  for (const file of positionals.flatMap(filesOf)) {
    for (const { text, copyData } of statementsOf(readFileSync(file, 'utf8'))) {
      const answer = await session.run(text, { timeoutMs: 30_000, ...(copyData === undefined ? {} : { copyData }) });
      if (answer.kind === 'done') ran++;
      else {
        refused++;
        if (values.verbose) console.log(`${file}: ${answer.refusal.message}`);
      }
    }
  }
  if (session.transaction !== 'idle') await session.run('commit');
  const oids = await session.rows<{ oid: string }>(
    `select p.oid::text from pg_proc p join pg_language l on l.oid = p.prolang join pg_namespace n on n.oid = p.pronamespace
      where lanname in ('plpgsql', 'sql') and nspname not in ('pg_catalog', 'information_schema') and prosqlbody is null
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by p.oid`,
  );
  const routines = await withOids(
    session,
    oids.map(({ oid }) => oid),
  );
  const counts = { pieces: 0, heard: 0, unread: 0, silenced: 0, problems: 0, ms: 0 };
  await aside(session, async () => {
    for (const routine of routines) await tellAll(session, routine, counts);
  });
  const plpgsql = routines.filter(({ language }) => language === 'plpgsql').length;
  console.log(
    `${ran} statements ran, ${refused} refused; ${routines.length} routines, ${plpgsql} of them PL/pgSQL with ` +
      `${counts.pieces} pieces of SQL, ${counts.heard} of them listened to; ${counts.unread} not read; ${counts.problems} problems, ` +
      `${counts.silenced} refusals not told; ${Math.round(counts.ms)} ms`,
  );
}

interface Counts {
  pieces: number;
  heard: number;
  unread: number;
  silenced: number;
  problems: number;
  ms: number;
}

async function tellAll(session: Session, routine: Routine, counts: Counts): Promise<void> {
  const begun = performance.now();
  const problems = await problemsIn(session, routine, undefined, 10_000);
  counts.ms += performance.now() - begun;
  counts.problems += problems.length;
  for (const { range, refusal, kind } of problems) tell(`${kind} in`, routine, range, refusal);
  if (routine.language === 'sql') return;
  const body = parseBody(routine.body);
  const places = body ? survey(body.block).places : [];
  const verdict = body && (await ownPass(session, routine, body, places, 10_000));
  counts.pieces += places.length;
  if (body) counts.heard += places.filter((place) => judgeOf(routine, body, survey(body.block)).listens(place)).length;
  if (verdict?.kind !== 'tried') {
    counts.unread++;
    console.log(`not read: ${routine.signature} ${verdict?.refusal.message ?? ''} ${verdict?.refusal.where ?? ''}`);
    return;
  }
  const known = new Set(problems.map(({ refusal }) => refusal.message));
  for (const [{ piece }, refusal] of verdict.refusals) {
    if (known.has(refusal.message)) continue;
    counts.silenced++;
    if (values.verbose) tell('not told:', routine, piece.range, refusal);
  }
}

function tell(what: string, { signature, body }: Routine, { start, end }: TextRange, refusal: Refusal): void {
  const line = body
    .slice(body.lastIndexOf('\n', start - 1) + 1)
    .split('\n')[0]
    ?.trim();
  console.log(`${what} ${signature}: ${refusal.sqlState} ${refusal.message}`);
  console.log(`    [${body.slice(start, end)}] in: ${line}`);
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sql') && !/(?:^|[./\\])down\.sql$/.test(name))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(path, name));
}
