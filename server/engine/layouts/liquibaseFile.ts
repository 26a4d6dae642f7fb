/**
 * A file of formatted SQL as Liquibase reads it: line by line, changeset by changeset.
 *
 * Facts from liquibase/liquibase (2026-08): parser/AbstractFormattedChangeLogParser.java, parser/core/formattedsql/.
 */
import type { TextRange } from '../base/text';
import type { FileProblem } from './layout';
import type { Segment } from './liquibaseLines';

export interface Changeset {
  readonly id: string;
  readonly author: string;
  /** `--changeset ada:1 …`, in the file. */
  readonly head: TextRange;
  readonly line: string;
  readonly sql: readonly Segment[];
  readonly rollback: readonly Segment[];
  readonly comment: string;
  readonly validCheckSums: readonly string[];
  readonly preconditions: readonly Precondition[];
  /** Of `--preconditions`. */
  readonly conditions: string;
}

export interface Precondition {
  readonly asks: SqlCheck | Existence;
  readonly range: TextRange;
}

export interface SqlCheck {
  readonly kind: 'sql-check';
  readonly expected: string;
  readonly sql: string;
}

/** Of a relation; names as they are written. */
export interface Existence {
  readonly kind: 'table-exists' | 'view-exists';
  readonly name: string;
  readonly schema: string | undefined;
}

export interface FormattedSql {
  readonly changesets: readonly Changeset[];
  readonly properties: ReadonlyMap<string, string>;
  readonly logicalFilePath: string | undefined;
  readonly problems: readonly FileProblem[];
}

type Growing = {
  -readonly [key in keyof Changeset]: Changeset[key] extends readonly (infer T)[] ? T[] : Changeset[key];
};

/** The path that its first line has it recorded by. */
export const logicalFilePathIn = (text: string): string | undefined =>
  isFormatted(text)
    ? attributeIn('logicalFilePath', /^\s*--\s*liquibase\s*formatted.*/i.exec(text)?.[0] ?? '')
    : undefined;

export const isFormatted = (text: string): boolean => firstLine.test(text);

/** Never throws. The last text is not read again: a history asks for it changeset by changeset. */
export function readChangesets(text: string): FormattedSql {
  if (last?.text !== text) last = { text, file: isFormatted(text) ? readFormatted(text) : rawFile(text) };
  return last.file;
}

let last: { readonly text: string; readonly file: FormattedSql } | undefined;

/** A file without the first line, named by a changelog: one changeset, sent as it is (SqlChangeLogParser.java). */
const rawFile = (text: string): FormattedSql => ({
  changesets: [
    {
      ...{
        id: 'raw',
        author: 'includeAll',
        head: { start: 0, end: 0 },
        line: 'splitStatements:false stripComments:false',
      },
      ...{ sql: [{ start: 0, end: text.length, behind: '\n' }], rollback: [], comment: '', conditions: '' },
      ...{ validCheckSums: [], preconditions: [] },
    },
  ],
  properties: new Map(),
  logicalFilePath: undefined,
  problems: [],
});

function readFormatted(text: string): FormattedSql {
  const reader = new Reader(text);
  reader.readAll();
  return reader;
}

class Reader implements FormattedSql {
  readonly changesets: Growing[] = [];
  readonly properties = new Map<string, string>();
  readonly problems: FileProblem[] = [];
  readonly logicalFilePath: string | undefined;
  private readonly lines: readonly TextRange[];
  private at = 0;

  constructor(private readonly text: string) {
    this.lines = linesOf(text);
    this.logicalFilePath = logicalFilePathIn(text);
  }

  readAll(): void {
    while (this.at < this.lines.length) this.readLine();
    for (const it of this.changesets.slice(0, -1))
      if (it.sql.every((segment) => this.text.slice(segment.start, segment.end).trim() === ''))
        this.refuse(
          { range: it.head, code: 'liquibase-empty-changeset' },
          `there is no SQL in the changeset ${it.author}:${it.id}`,
        );
  }

  private readLine(): void {
    const range = this.lines[this.at++] ?? { start: 0, end: 0 };
    const line = this.text.slice(range.start, range.end);
    const [, id, author] = changesetOf(line);
    if (/^\s*--\s*property\s[^:]*:\S*\s[^:]*:/i.test(line)) this.readProperty(line);
    else if (/^--\s*ignoreLines:\w+$/i.test(line)) this.ignoreLines(line, range);
    else if (id !== undefined && author !== undefined) this.begin(id, author, line, range);
    else if (this.isMisspelt(line, range)) return;
    else this.readWithin(line, range);
  }

  private readProperty(line: string): void {
    const [name, value] = [/name:\s*(\S+)/i.exec(line)?.[1], /value:\s*(\S+)/i.exec(line)?.[1]];
    // The first of a name counts.
    if (name !== undefined && value !== undefined && !this.properties.has(name)) this.properties.set(name, value);
  }

  private ignoreLines(line: string, range: TextRange): void {
    const what = /:(\w+)$/.exec(line)?.[1] ?? '';
    if (/^\d+$/.test(what)) this.at += Number(what);
    else if (what === 'start') {
      while (this.at < this.lines.length && !/^--\s*ignoreLines:end$/i.test(this.lineAt(this.at))) this.at++;
      this.at++;
    } else
      this.refuse({ range, code: 'liquibase-directive' }, `ignoreLines:${what} should name a number, or start and end`);
  }

  private begin(id: string, author: string, line: string, head: TextRange): void {
    const lists = { sql: [], rollback: [], validCheckSums: [], preconditions: [] };
    this.changesets.push({ id: bare(id), author: bare(author), head, line, ...lists, comment: '', conditions: '' });
  }

  /** One hyphen where two belong, and the like: Liquibase says so instead of taking it for a comment. */
  private isMisspelt(line: string, range: TextRange): boolean {
    const found = misspelt.find(({ pattern, within }) => pattern.test(line) && (!within || this.changesets.length > 0));
    if (!found) return false;
    this.refuse({ range, code: 'liquibase-directive' }, `this line should be ${found.should}`);
    return true;
  }

  private readWithin(line: string, range: TextRange): void {
    const changeset = this.changesets.at(-1);
    if (!changeset) return;
    const [comment, valid] = [/^--\s*comment:? (.*)$/i.exec(line)?.[1], /^--\s*validCheckSum:? (.*)$/i.exec(line)?.[1]];
    const [, before = '', sql] = /^(\s*--\s*rollback )(.*)$/i.exec(line) ?? [];
    const [, kind, body = ''] = /^\s*--\s*precondition-([a-z0-9-]+)(?: (.*))?$/i.exec(line) ?? [];
    if (comment !== undefined) changeset.comment = comment;
    else if (valid !== undefined) changeset.validCheckSums.push(valid.trim());
    else if (sql !== undefined)
      changeset.rollback.push({ start: range.start + before.length, end: range.end, behind: '\n' });
    else if (/^\s*\/\*\s*liquibase\s*rollback\s*$/i.test(line)) this.readBlock(changeset, range);
    else if (kind !== undefined) this.readPrecondition(changeset, kind, body.trim(), range);
    else if (/^\s*--\s*preconditions(.*)$/i.test(line)) this.readConditions(changeset, line, range);
    else changeset.sql.push({ ...range, behind: '\n' });
  }

  private readPrecondition({ preconditions }: Growing, kind: string, body: string, range: TextRange): void {
    const read = knownPreconditions.get(kind);
    const asks = read?.(body);
    if (asks) preconditions.push({ asks, range });
    else if (read) this.refuse({ range, code: 'liquibase-directive' }, `it cannot read this ${kind}`);
    else
      this.refuse(
        { range, code: 'liquibase-directive' },
        `it knows no precondition ${kind} in SQL; there are ${[...knownPreconditions.keys()].join(', ')}`,
      );
  }

  private readConditions(changeset: Growing, line: string, range: TextRange): void {
    changeset.conditions = line;
    for (const name of ['onFail', 'onError']) {
      const value = attributeIn(name, line);
      if (value !== undefined && !/^(?:halt|continue|mark_ran|warn)$/i.test(value))
        this.refuse(
          { range, code: 'liquibase-directive' },
          `${name}:${value} should be one of HALT, CONTINUE, MARK_RAN, WARN`,
        );
    }
  }

  /** Its lines are put together without anything between. */
  private readBlock(changeset: Growing, head: TextRange): void {
    while (this.at < this.lines.length) {
      const range = this.lines[this.at++] ?? head;
      const line = this.text.slice(range.start, range.end);
      const isLast = /\*\/\s*$/.test(line);
      const end = isLast ? range.start + line.replace(/\*\/\s*$/, '').length : range.end;
      changeset.rollback.push({ start: range.start, end, behind: '' });
      if (isLast) return;
    }
    this.refuse({ range: head, code: 'liquibase-directive' }, 'its comment does not end');
  }

  private lineAt(at: number): string {
    const { start, end } = this.lines[at] ?? { start: 0, end: 0 };
    return this.text.slice(start, end);
  }

  private refuse(what: Pick<FileProblem, 'range' | 'code'>, why: string): void {
    this.problems.push({ ...what, severity: 'error', message: `Liquibase refuses this file: ${why}.` });
  }
}

type ReadAsked = (body: string) => Precondition['asks'] | undefined;

/** In formatted SQL; each reads what it asks, where Liquibase can. */
const knownPreconditions: ReadonlyMap<string, ReadAsked> = new Map<string, ReadAsked>([
  ['sql-check', sqlCheckIn],
  ['table-exists', (body) => existenceIn(body, 'table')],
  ['view-exists', (body) => existenceIn(body, 'view')],
]);

function sqlCheckIn(body: string): SqlCheck | undefined {
  const [, word, single, double, sql] = /^(?:expectedResult:)?(?:(\w+)|'([^']+)'|"([^"]+)") (.+)$/i.exec(body) ?? [];
  const expected = word ?? single ?? double;
  return sql === undefined || expected === undefined ? undefined : { kind: 'sql-check', expected, sql };
}

function existenceIn(body: string, what: 'table' | 'view'): Existence | undefined {
  const name = new RegExp(String.raw`.*${what}:(\w+)`, 'i').exec(body)?.[1];
  const schema = /.*schema:(\w+)/i.exec(body)?.[1];
  return name === undefined ? undefined : { kind: `${what}-exists`, name, schema };
}

const firstLine = /^\s*--\s*liquibase\s*formatted/i;

/** Id and author, with their quotes. */
function changesetOf(line: string): readonly (string | undefined)[] {
  const [, author, id] = /^\s*--\s*changeset\s+("[^"]+"|[^:]+):("[^"]+"|\S+).*$/i.exec(line) ?? [];
  return [line, id, author];
}

const misspelt: readonly { readonly pattern: RegExp; readonly should: string; readonly within?: true }[] = [
  { pattern: /^\s*-\s*property\s/i, should: '"--property name:… value:…"' },
  { pattern: /^-\s*ignore(?:Lines)?:\w+/i, should: '"--ignoreLines:start" or "--ignoreLines:1"' },
  { pattern: /^\s*--\s*changeset/i, should: '"--changeset author:id"' },
  { pattern: /^-\s*changeset\s/i, should: '"--changeset author:id"' },
  { pattern: /^(?:-\s*comment:?|--\s*comments:?) /i, should: '"--comment: …"', within: true },
  { pattern: /^\s*-\s*rollback\s/i, should: '"--rollback …"', within: true },
  { pattern: /^-\s*validCheckSum/i, should: '"--validCheckSum: …"', within: true },
  { pattern: /^\s*-\s*precondition/i, should: '"--preconditions …" or "--precondition-sql-check …"', within: true },
];

/** Of a line; of several the last one counts. */
export const attributeIn = (name: string, line: string): string | undefined =>
  new RegExp(`^.*${name}:("[^"]*"|\\S*)`, 'i').exec(line)?.[1]?.replace(/^"(.*)"$/, '$1');

/** @param usual where it is not said */
export function flagIn(name: string, line: string, usual: boolean): boolean {
  const value = attributeIn(name, line);
  return value === undefined || value === '' ? usual : value.toLowerCase() === 'true';
}

const bare = (written: string): string => written.trim().replace(/^"(.*)"$/, '$1');

/** Without their ends. */
function linesOf(text: string): TextRange[] {
  const lines: TextRange[] = [];
  const end = /\r\n|\r|\n/g;
  for (let start = 0; start < text.length; ) {
    end.lastIndex = start;
    const found = end.exec(text);
    lines.push({ start, end: found?.index ?? text.length });
    start = found ? found.index + found[0].length : text.length;
  }
  return lines;
}
