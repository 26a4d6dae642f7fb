/** What a project may demand of its migrations beside what Postgres does: that they change nothing when they are run again. */
import type { TextRange } from '../base/text';
import type { KeysOf } from '../idempotence/keys';
import { demandsOf } from '../idempotence/rewrite';
import { statementsIn } from '../layouts/statements';
import type { Finding } from '../project';
import { headOf } from '../sql/head';
import type { ReadFile } from './links';

/** What the grammar alone tells: no rows are known, nor the keys of tables. */
const unknown: KeysOf = () => undefined;

/** What has not changed is not read again. */
const told = new WeakMap<ReadFile, readonly Finding[]>();

/** Statements of a file that would be refused, or do something else, when they are run again. */
export function idempotenceFindings(file: ReadFile): readonly Finding[] {
  const known = told.get(file);
  if (known) return known;
  const { text, scripts } = file;
  const statements = new Map(
    scripts.flatMap((script) =>
      statementsIn(text, script).map((it) => [it.range.start, { ...it, direction: script.direction }] as const),
    ),
  );
  const about = (range: TextRange): Pick<Finding, 'range' | 'severity' | 'code' | 'direction'> => {
    const statement = statements.get(range.start);
    return {
      range: statement ? headOf(statement) : range,
      severity: 'error',
      code: 'not-idempotent',
      ...(statement?.direction === 'down' && { direction: 'down' }),
    };
  };
  const { changed, left } = demandsOf(text, scripts, unknown);
  const demanded = 'and this project demands that migrations change nothing then.';
  const findings = [
    ...changed.map((range) => ({
      ...about(range),
      message: `Run again this statement would be refused or do something else, ${demanded}`,
      hint: 'Make Idempotent rewrites the file, as rehearsal make-idempotent does.',
    })),
    ...left.map(({ range, why }) => ({
      ...about(range),
      message: `Run again this statement would do something else, ${demanded} ${why}`,
    })),
  ];
  told.set(file, findings);
  return findings;
}
