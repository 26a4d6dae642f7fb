/**
 * What a file beside a script says of it: `V1__a.sql.conf`.
 *
 * Facts from flyway/flyway 13.0.0: internal/sqlscript/SqlScriptMetadata.java, ConfigUtils.java (removeBoolean).
 */
import { propertiesIn } from './settingsFiles';
import type { FileProblem } from './layout';

export interface ScriptConfig {
  readonly executeInTransaction: boolean | undefined;
  readonly placeholderReplacement: boolean | undefined;
  readonly encoding: string | undefined;
  readonly problems: readonly FileProblem[];
}

/** @param name of that file, for people */
export function readScriptConfig(text: string | undefined, name: string): ScriptConfig {
  const entries = propertiesIn(text ?? '').map(([key, value]) => [key.replace(/^flyway\./, ''), value] as const);
  const values = new Map(entries);
  const unknown = entries
    .filter(([key]) => !known.has(key))
    .map(([key]) => refused(`${name} says "${key}", which it does not know`));
  const wrong = ['executeInTransaction', 'placeholderReplacement'].flatMap((key) => {
    const value = values.get(key);
    return value === undefined || /^(?:true|false)$/i.test(value)
      ? []
      : [refused(`in ${name} ${key} is "${value}", and should be true or false`)];
  });
  return {
    executeInTransaction: flag(values.get('executeInTransaction')),
    placeholderReplacement: flag(values.get('placeholderReplacement')),
    encoding: values.get('encoding'),
    problems: [...unknown, ...wrong, ...conditional(values.get('shouldExecute'), name)],
  };
}

const known: ReadonlySet<string> = new Set([
  'executeInTransaction',
  'encoding',
  'placeholderReplacement',
  'shouldExecute',
]);

const flag = (value: string | undefined): boolean | undefined =>
  value === undefined ? undefined : value.toLowerCase() === 'true';

const refused = (why: string): FileProblem => ({
  range: { start: 0, end: 0 },
  severity: 'error',
  code: 'flyway-script-config',
  message: `Flyway refuses this file: ${why}.`,
});

const conditional = (condition: string | undefined, name: string): FileProblem[] =>
  condition === undefined || condition.toLowerCase() === 'true'
    ? []
    : [
        {
          range: { start: 0, end: 0 },
          severity: 'warning',
          code: 'flyway-conditional',
          message: `Flyway runs this file only where "${condition}" holds (shouldExecute in ${name}); it is rehearsed as if it did.`,
        },
      ];
