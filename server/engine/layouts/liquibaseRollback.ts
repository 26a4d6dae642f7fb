/** The rollback of a changeset, as it is written into its file of formatted SQL. */
import type { DownEdit } from './layout';
import { attributeIn, isFormatted, readChangesets } from './liquibaseFile';

/** In the place of the rollback that it has, if it has any. */
export function withRollback(text: string, statements: readonly string[]): DownEdit {
  if (!isFormatted(text))
    return {
      because: 'The file has no place for a rollback: give it "--liquibase formatted sql" and a "--changeset" first.',
    };
  const [changeset, ...others] = readChangesets(text).changesets;
  if (!changeset || others.length > 0)
    return { because: 'Each of its changesets has a rollback of its own: share these statements out among them.' };
  const { start, end } = changeset.head;
  const head = statements.some((it) => it.includes(';')) ? unsplit(changeset.line) : changeset.line;
  const body = text.slice(0, start) + head + withoutRollback(text.slice(end));
  const lines = statements.flatMap((it) => `${it};`.split('\n')).map((line) => `--rollback ${line}\n`);
  return { text: `${body.trimEnd()}\n\n${lines.join('')}` };
}

/** Sent as one message: Liquibase knows no dollar quotes, and cuts at each semicolon. */
const unsplit = (line: string): string =>
  attributeIn('rollbackEndDelimiter', line) === undefined
    ? `${line.replace(/\s*\brollbackSplitStatements:\S+/i, '').trimEnd()} rollbackSplitStatements:false`
    : line;

/** As the reader knows them. */
const withoutRollback = (text: string): string =>
  text
    .replaceAll(/^\s*\/\*\s*liquibase\s*rollback\s*$[^]*?\*\/[^\S\n]*$\n?/gim, '')
    .replaceAll(/^\s*--\s*rollback .*$\n?/gim, '');
