/**
 * Names of Flyway's files: `V1_2__add_email.sql`, `R__views.sql`.
 *
 * Facts from flyway/flyway 13.0.0: internal/resource/ResourceNameParser.java, api/MigrationVersion.java,
 * internal/info/MigrationInfoImpl.java (compareVersion), api/callback/Event.java.
 */
import type { FlywayConfig } from './flywayConfig';
import type { MigrationName } from './layout';

export type FlywayName =
  | { readonly kind: 'migration'; readonly name: MigrationName }
  | { readonly kind: 'undo' | 'baseline' | 'callback' }
  /** Meant as a migration, and passed over by Flyway. */
  | { readonly kind: 'invalid'; readonly why: string };

/** @returns undefined when the file has nothing to do with Flyway */
export function flywayName(path: string, config: FlywayConfig): FlywayName | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const suffix = config.suffixes.find((it) => file.toUpperCase().endsWith(it.toUpperCase()));
  if (suffix === undefined) return undefined;
  const bare = file.slice(0, file.length - suffix.length);
  const { versioned, repeatable, undo, baseline } = config.prefixes;
  const known = [
    ...callbacks.map((prefix) => ({ prefix, kind: 'callback' as const })),
    { prefix: versioned, kind: 'versioned' as const },
    { prefix: repeatable, kind: 'repeatable' as const },
    { prefix: undo, kind: 'undo' as const },
    { prefix: baseline, kind: 'baseline' as const },
  ].toSorted((one, other) => other.prefix.length - one.prefix.length);
  const found = known.find(({ prefix }) => bare.startsWith(prefix));
  if (!found) return undefined;
  const [left, description] = splitAt(bare.slice(found.prefix.length), config.separator);
  switch (found.kind) {
    case 'callback':
      return left === '' ? { kind: 'callback' } : undefined;
    case 'repeatable':
      return repeatableName(`${found.prefix}${config.separator}${description}`, left, description);
    case 'undo':
    case 'baseline':
      return isVersion(left) ? { kind: found.kind } : undefined;
    case 'versioned':
      return versionedName(left, description, config.separator);
  }
}

function versionedName(left: string, description: string, separator: string): FlywayName | undefined {
  if (isVersion(left)) {
    const version = left.replaceAll('_', '.');
    return {
      kind: 'migration',
      name: { version, digits: left, order: orderOf(version), title: spaced(description), direction: 'up' },
    };
  }
  if (left === '' && description === '') return undefined;
  if (!/^(?:\d|$)/.test(left)) return undefined;
  const why =
    left === ''
      ? 'a version has to stand behind the prefix'
      : `"${left}" is no version: digits, with "." or "_" between, and then "${separator}"`;
  return { kind: 'invalid', why };
}

/** Without a version; its description tells it from others. */
function repeatableName(whole: string, left: string, description: string): FlywayName | undefined {
  if (left !== '')
    return /^\d/.test(left) ? { kind: 'invalid', why: 'a repeatable migration has no version' } : undefined;
  const title = spaced(description);
  return {
    kind: 'migration',
    name: { version: whole, digits: '', order: `${behindVersions}${title}`, title, direction: 'up' },
  };
}

/** Repeatable migrations run when all others have run; digits stand before it. */
const behindVersions = 'R ';

export const isRepeatable = ({ order }: Pick<MigrationName, 'order'>): boolean => order.startsWith(behindVersions);

/** Compares as versions do: part by part as numbers, and 1.0 is 1. */
export function orderOf(version: string): string {
  const parts = version.split(/[._]/).map((it) => it.replace(/^0+(?=\d)/, ''));
  while (parts.length > 1 && parts.at(-1) === '0') parts.pop();
  return parts.map((it) => it.padStart(40, '0')).join('.');
}

export const isVersion = (text: string): boolean => /^\d+(?:[._]\d+)*$/.test(text);

/** As String.replace in Java: all of them. */
const spaced = (description: string): string => description.replaceAll('_', ' ');

function splitAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

const around = ['Clean', 'Migrate', 'EachMigrate', 'EachMigrateStatement', 'Undo', 'EachUndo', 'EachUndoStatement'];
const events = [...around, 'Validate', 'Baseline', 'Repair', 'Info', 'Connect'];
const callbacks = [
  ...events.flatMap((event) => [`before${event}`, `after${event}`, `after${event}Error`]),
  ...['beforeRepeatables', 'afterVersioned', 'afterMigrateApplied', 'createSchema', 'beforeCreateSchema'],
  ...['afterMigrateOperationFinish', 'afterInfoOperationFinish'],
];
