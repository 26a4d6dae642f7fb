/** Values of parameters as Postgres reads them in text, by the same rules as node-postgres has for a server. */

/** @returns null for null and undefined, which are SQL's NULL */
export function parameterText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `{${value.map(elementText).join(',')}}`;
  return JSON.stringify(value);
}

function elementText(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(elementText).join(',')}}`;
  const text = parameterText(value);
  return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}
