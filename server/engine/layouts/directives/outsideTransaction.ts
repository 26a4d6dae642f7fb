/** What a tool has to be told for a statement that Postgres refuses in a transaction, such as `CREATE INDEX CONCURRENTLY`. */
import type { Fix, Script } from '../layout';
import type { ToolDirectives } from './directive';
import { adding } from './placing';
import { linesIn, occurrencesIn } from './reading';

export interface Advice {
  /** Whole sentences. */
  readonly hint: string;
  readonly fixes?: readonly Fix[];
}

/** @param start of the statement, in the text of its file */
export function outsideTransaction(tool: ToolDirectives, text: string, start: number, { mode }: Script): Advice {
  const { all: directives, withoutTransaction } = tool;
  const alone = 'Postgres takes what is sent together for one transaction: give it a migration of its own.';
  if (mode === 'implicit') return { hint: withoutTransaction === undefined ? alone : `${withoutTransaction} ${alone}` };
  const directive = directives.find(({ asks }) => asks === 'no-transaction');
  if (!directive) return { hint: withoutTransaction ?? alone };
  const lines = linesIn(text);
  const line = lines.findLast((it) => it.start <= start);
  const isWhole = directive.place.kind !== 'option';
  const isThere = isWhole && occurrencesIn(lines, directives).some((it) => it.directive === directive);
  const fix = line && !isThere ? adding(directive, line, lines, directives) : undefined;
  return {
    hint: `It runs in a transaction, unless "${directive.text}" asks for none.`,
    ...(fix && { fixes: [fix] }),
  };
}
