/** Settings of a project as its files literally have them: properties of Java, and YAML as Spring reads it. */
import { yamlValues } from '../base/yaml';

/** Names have dots between their parts; of a list the parts of the value have `,` between. */
export type Setting = readonly [name: string, value: string];

/** As java.util.Properties reads them, without escapes. */
export function propertiesIn(text: string): Setting[] {
  const lines = text.replace(/\\\r?\n[ \t]*/g, '').split(/\r?\n/);
  return lines.flatMap((line) => {
    const [, name, value = ''] = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]?\s*(.*?)\s*$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value] as const];
  });
}

/** Of documents that hold without a profile; names are those of the keys with a dot between. */
export function yamlEntries(text: string): Setting[] {
  return yamlValues(text).flatMap((value) => {
    const entries = flat('', value);
    return entries.some(([name]) => /^spring\.(?:profiles|config\.activate)(?:\.on-profile)?$/.test(name))
      ? []
      : entries;
  });
}

function flat(name: string, value: unknown): Setting[] {
  if (Array.isArray(value)) return [[name, value.map(String).join(',')]];
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => flat(name === '' ? key : `${name}.${key}`, inner));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? [[name, String(value)]]
    : [];
}
