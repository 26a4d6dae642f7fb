/** YAML as configurations have it. Whoever wrote it may have meant harm: nothing in it ends or holds up whoever reads it. */
import { parseAllDocuments } from 'yaml';

/** @returns the values of its documents; those that cannot be read are left out, as are all that would take too long */
export function yamlValues(text: string): readonly unknown[] {
  if (text.length > mostCharacters || isDeep(text)) return [];
  try {
    const documents = parseAllDocuments(text);
    if (!Array.isArray(documents)) return [];
    return documents.flatMap((document) => valueOf(() => (document.errors.length > 0 ? undefined : document.toJS())));
  } catch (error) {
    // Its parser goes down with each level.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

const mostCharacters = 1_000_000;
const mostLevels = 100;

/** An alias of nothing, or aliases of aliases that would fill the memory, are a ReferenceError. */
function valueOf(read: () => unknown): readonly unknown[] {
  try {
    const value = read();
    return value === undefined || isEndless(value, new Set(), new Set()) ? [] : [value];
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof RangeError) return [];
    throw error;
  }
}

/** Whether brackets, or blanks before a line, open more levels than people write. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [found] of text.matchAll(/[[{\]}]/g)) {
    depth = found === '[' || found === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > mostLevels) return true;
  }
  return /^(?: {400}|(?:[-?:] ){100})/m.test(text);
}

/** An anchor may hold an alias of itself; aliases of aliases may be as deep as brackets. */
function isEndless(value: unknown, within: Set<object>, seen: Set<object>): boolean {
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  if (within.has(value) || within.size > mostLevels) return true;
  within.add(value);
  const found = Object.values(value).some((it) => isEndless(it, within, seen));
  within.delete(value);
  seen.add(value);
  return found;
}
