/** Names and values as SQL text; the only place that quotes. Values of queries of our own are parameters instead. */

/** Always in double quotes, so that no list of reserved words is needed. */
export const quoteIdentifier = (name: string): string => `"${withoutNul(name).replaceAll('"', '""')}"`;

/** `"schema"."table"`, of as many parts as given. */
export const quoteName = (...parts: readonly string[]): string => parts.map(quoteIdentifier).join('.');

/** A string constant that means the same whether standard_conforming_strings is on or off. */
export function quoteLiteral(value: string): string {
  const quoted = `'${withoutNul(value).replaceAll("'", "''")}'`;
  return value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** The protocol ends a text at its first NUL: what follows it would be lost, or read as something else. */
function withoutNul(text: string): string {
  if (text.includes('\0')) throw new Error('Postgres has no names or texts with a NUL character');
  return text;
}
