/**
 * What Prisma keeps of a script that failed, as its engine words it, as far as Postgres has told it: without the call
 * stack of the engine, and without where in Postgres's own code the refusal arose.
 *
 * Facts from prisma/prisma-engines: libs/user-facing-errors/src/schema_engine.rs (P3018),
 * schema-engine/connectors/sql-schema-connector/src/flavour/postgres/connector/native/mod.rs.
 */
import { lineIndex, withoutMark } from '../base/text';
import type { HistoryStep, StepRefusal } from './history';

export function prismaLog({ migration, upText }: HistoryStep, refusal: StepRefusal): string {
  const { sqlState, message, detail, hint } = refusal;
  const lines = [`ERROR: ${message}`];
  if (detail !== undefined) lines.push(`DETAIL: ${detail}`);
  if (hint !== undefined) lines.push(`HINT: ${hint}`);
  return [
    'A migration failed to apply. New migrations cannot be applied before the error is recovered from. Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve',
    `Migration name: ${migration.version}`,
    `Database error code: ${sqlState}`,
    `Database error:\n${lines.join('\n')}`,
    ...position(withoutMark(upText), refusal),
  ].join('\n\n');
}

/** The line that is to blame, and five before it; the first one has the number 0 where there are not so many. */
function position(text: string, { range, character }: StepRefusal): string[] {
  if (character === undefined) return [];
  const last = lineIndex(text)(range.start).line + 1;
  const lines = ['', ...text.split(/\r?\n/)].slice(0, last + 1);
  const shown = lines.map((line, number) => `${String(number).padStart(3)} ${line}`.trimEnd()).slice(-6);
  return [`Position:\n${shown.join('\n')}`];
}
