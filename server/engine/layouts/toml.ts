/** What the configuration of a tool says that is written in TOML. */
import { parse } from 'smol-toml';

export type TomlValue = string | boolean | number | readonly string[];

/**
 * Texts, yes or no, numbers and lists of texts, by the path of their keys: `migrate.table-name`. What else stands there is
 * passed over.
 *
 * @returns undefined when the text is no TOML
 */
export function tomlValues(text: string): ReadonlyMap<string, TomlValue> | undefined {
  try {
    return new Map(leavesOf('', parse(text)));
  } catch {
    // Whatever keeps it from being read: its tool cannot read it either, and says so itself.
    return undefined;
  }
}

function leavesOf(path: string, value: unknown): (readonly [string, TomlValue])[] {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return [[path, value]];
  if (Array.isArray(value)) return value.every((it) => typeof it === 'string') ? [[path, value]] : [];
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([key, it]) => leavesOf(path === '' ? key : `${path}.${key}`, it));
}
