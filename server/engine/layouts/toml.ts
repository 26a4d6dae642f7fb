/**
 * As much of TOML as the configuration of a migration tool takes: texts, lists of texts, and yes or no. What else stands
 * in a file is passed over.
 *
 * Source: the specification of TOML 1.0, toml.io.
 */

export type TomlValue = string | boolean | readonly string[];

/** By table and key: `migrate.table-name`. Never throws. */
export function tomlValues(text: string): ReadonlyMap<string, TomlValue> {
  const values = new Map<string, TomlValue>();
  let table = '';
  for (const [, header, key, value] of text.matchAll(line)) {
    if (header !== undefined) table = `${named(header)}.`;
    else if (key !== undefined && value !== undefined) values.set(`${table}${named(key)}`, valueOf(value));
  }
  return values;
}

const string = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/.source;
const key = /(?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*/.source;
const list = String.raw`\[(?:\s|,|#[^\n]*|${string})*\]`;

const line = new RegExp(
  String.raw`^[ \t]*(?:\[[ \t]*(${key})[ \t]*\]|(${key})[ \t]*=[ \t]*(true\b|false\b|${string}|${list}))`,
  'gm',
);

const named = (written: string): string => written.replaceAll(/["'\s]/g, '');

function valueOf(written: string): TomlValue {
  if (written === 'true' || written === 'false') return written === 'true';
  if (!written.startsWith('[')) return textOf(written);
  const items = new RegExp(String.raw`#[^\n]*|(${string})`, 'g');
  return [...written.matchAll(items)].flatMap(([, item]) => (item === undefined ? [] : [textOf(item)]));
}

const textOf = (written: string): string =>
  written.startsWith("'") ? written.slice(1, -1) : written.slice(1, -1).replaceAll(escape, unescaped);

const escape = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/g;

const escapes: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r' };

function unescaped(_: string, short?: string, long?: string, other = ''): string {
  const code = Number.parseInt(short ?? long ?? '', 16);
  if (Number.isNaN(code)) return escapes[other] ?? other;
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : '\uFFFD';
}
