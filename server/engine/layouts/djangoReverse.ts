/** The way back of a migration of one `RunSQL`, as it is written into the operation. */
import type { DownEdit } from './layout';
import { pythonText } from './pythonText';

export function withReverseSql(text: string, statements: readonly string[]): DownEdit {
  const operation = onlyOperation(text);
  const parts = operation?.name.endsWith('RunSQL') ? operation.parts : undefined;
  if (!operation || !parts || parts.length === 0 || parts.some((it) => /^reverse_sql\s*=/.test(it)) || hasTwo(parts))
    return {
      because:
        'Django takes back each operation by itself, and these statements take back all of them: give those that have no way back a reverse_sql or a reverse_code.',
    };
  const list = statements.map((it) => `                ${pythonText(it)},\n`).join('');
  const before = text.slice(0, operation.end).trimEnd();
  const comma = before.endsWith(',') ? '' : ',';
  return {
    text: `${before}${comma}\n            reverse_sql=[\n${list}            ],\n        ${text.slice(operation.end)}`,
  };
}

/** The second argument without a name is the way back. */
const hasTwo = (parts: readonly string[]): boolean => parts.filter((it) => !/^\w+\s*=(?!=)/.test(it)).length > 1;

interface Call {
  /** `migrations.RunSQL` */
  readonly name: string;
  /** Its arguments, as they are written. */
  readonly parts: readonly string[];
  /** Of its closing bracket. */
  readonly end: number;
}

function onlyOperation(text: string): Call | undefined {
  const list = /^[^\S\n]+operations\s*=\s*\[/m.exec(text);
  if (!list) return undefined;
  const operations = bracketIn(text, list.index + list[0].length);
  const [only, ...others] = operations?.parts ?? [];
  const call = only && /^([\w.]+)\s*\(/.exec(only.text);
  if (!only || !call || others.length > 0) return undefined;
  const inner = bracketIn(text, only.start + call[0].length);
  return inner && { name: call[1] ?? '', parts: inner.parts.map((it) => it.text), end: inner.end };
}

interface Bracket {
  /** What stands between its commas. */
  readonly parts: readonly { readonly text: string; readonly start: number }[];
  readonly end: number;
}

/** Strings and comments of Python, brackets, and commas. */
const sign = /"""[^]*?(?<!\\)"""|'''[^]*?(?<!\\)'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#.*|[()[\]{},]/g;

/** @param start behind the opening bracket */
function bracketIn(text: string, start: number): Bracket | undefined {
  const cuts = [start];
  let depth = 0;
  sign.lastIndex = start;
  for (let found = sign.exec(text); found; found = sign.exec(text)) {
    const [it] = found;
    if ('([{'.includes(it)) depth++;
    else if (it === ',' && depth === 0) cuts.push(found.index + 1);
    else if (')]}'.includes(it) && depth-- === 0)
      return { parts: partsOf(text, [...cuts, found.index + 1]), end: found.index };
  }
  return undefined;
}

function partsOf(text: string, cuts: readonly number[]): Bracket['parts'] {
  return cuts.slice(0, -1).flatMap((from, i) => {
    const whole = text.slice(from, (cuts[i + 1] ?? from) - 1);
    const blank = /^(?:\s|#.*)*/.exec(whole)?.[0].length ?? 0;
    return whole.length === blank ? [] : [{ text: whole.slice(blank).trimEnd(), start: from + blank }];
  });
}
