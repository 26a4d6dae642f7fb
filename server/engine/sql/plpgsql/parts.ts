/** Parts that several statements of PL/pgSQL share. */
import type { TextRange } from '../../base/text';
import type { Assignment, Code, Piece } from './code';
import type { Reader } from './reader';

export const sql = (range: TextRange | undefined, kind: Piece['kind'] = 'expression'): Code[] =>
  range ? [{ kind: 'sql', piece: { kind, range } }] : [];

/** Variables and fields that get values; what is dotted is looked up, what is whole may get a new row type. */
export interface Targets {
  readonly code: readonly Code[];
  readonly names: readonly string[];
}

export function targets(reader: Reader): Targets {
  const [code, names]: [Code[], string[]] = [[], []];
  do {
    const { first, range, plain } = reader.path();
    if (plain) names.push(first);
    else code.push(...sql(range));
  } while (reader.take(','));
  return { code, names };
}

/** `INTO a, b` gives them the columns of one row, `INTO r` makes a record of it. */
export const assignment = ({ names }: Pick<Targets, 'names'>, source?: Assignment['source']): Assignment => ({
  kind: 'assignment',
  names,
  source: names.length === 1 ? source : undefined,
});

/** Only when the code runs will it show what they get. */
export const unknown = (names: readonly string[]): Assignment => assignment({ names });

/** SQL that is put together when it runs: what it is put together of, its parameters, and where its result goes. */
export function dynamic(reader: Reader): Code[] {
  const code = sql(reader.until('into', 'using', 'loop', ';'));
  for (;;) {
    if (reader.take('into')) {
      reader.take('strict');
      const { names, code: fields } = targets(reader);
      code.push(...fields, unknown(names));
    } else if (reader.take('using')) code.push(...reader.list('into', 'loop', ';').flatMap((part) => sql(part)));
    else return code;
  }
}

/** Behind the parenthesis; they may be named: `low := 1`. */
export function cursorArguments(reader: Reader): Code[] {
  const code: Code[] = [];
  do {
    if (reader.word(1) === ':=' || reader.word(1) === '=>') {
      reader.next();
      reader.next();
    }
    code.push(...sql(reader.until(',', ')')));
  } while (reader.take(','));
  reader.expect(')');
  return code;
}
