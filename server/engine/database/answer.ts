/** Gathers the messages of one run into an answer; the same for a server and for the embedded engine. */
import type { DatabaseError } from 'pg';
import type { Answer, Notice, Refusal, RunOptions, TextRow } from './session';

/** A statement may raise as many notices as it likes; nobody reads more than these. */
const mostNotices = 1_000;

/** The fields of an ErrorResponse or NoticeResponse as pg-protocol names them. */
export type ReportFields = Pick<
  DatabaseError,
  | 'severity'
  | 'code'
  | 'detail'
  | 'hint'
  | 'position'
  | 'internalPosition'
  | 'internalQuery'
  | 'where'
  | 'schema'
  | 'table'
  | 'column'
  | 'dataType'
  | 'constraint'
> & { readonly message: string | undefined };

export class AnswerParts {
  readonly #commands: { tag: string; rows: number | null }[] = [];
  readonly #notices: Notice[] = [];
  readonly #rows: TextRow[] | undefined;
  #refusal: Refusal | undefined;

  /** @param withRows as in RunOptions; without it rows are dropped */
  constructor(withRows?: RunOptions['withRows']) {
    this.#rows = withRows && [];
  }

  /** @param text of a CommandComplete, such as `INSERT 0 5`, `CREATE TABLE`, `COPY 3` */
  command(text: string): void {
    const [, tag = text, rows] = /^(.*?)((?: \d+)*)$/.exec(text) ?? [];
    const count = rows?.trim().split(' ').at(-1);
    this.#commands.push({ tag, rows: count ? Number(count) : null });
  }

  notice(fields: ReportFields): void {
    if (this.#notices.length < mostNotices) this.#notices.push(noticeOf(fields));
  }

  row(fields: TextRow): void {
    this.#rows?.push(fields);
  }

  refuse(refusal: Refusal): void {
    this.#refusal ??= refusal;
  }

  get answer(): Answer {
    return this.#refusal
      ? { kind: 'refused', refusal: this.#refusal, completed: this.#commands.length, notices: this.#notices }
      : {
          kind: 'done',
          commands: this.#commands,
          notices: this.#notices,
          ...(this.#rows && { rows: this.#rows }),
        };
  }
}

export function refusalOf(fields: ReportFields): Refusal {
  const { code = 'XX000', message = '', position, internalPosition } = fields;
  return {
    sqlState: code,
    message,
    ...(position === undefined ? {} : { character: Number(position) }),
    ...(internalPosition === undefined ? {} : { internalCharacter: Number(internalPosition) }),
    ...given(fields, [
      'detail',
      'hint',
      'internalQuery',
      'where',
      'schema',
      'table',
      'column',
      'dataType',
      'constraint',
    ]),
  };
}

function noticeOf(fields: ReportFields): Notice {
  const { severity = 'NOTICE', code = '00000', message = '' } = fields;
  return { severity, sqlState: code, message, ...given(fields, ['detail', 'hint']) };
}

function given<Name extends keyof ReportFields>(
  fields: ReportFields,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = fields[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** What Postgres itself says when statement_timeout ends a statement. */
export const timedOut: Refusal = { sqlState: '57014', message: 'canceling statement due to statement timeout' };
