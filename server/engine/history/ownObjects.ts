/** Which objects of a database are the tool's own: no migration makes them, and none is to make them. */
import type { LayoutName } from '../layouts/layout';
import type { DataLoss } from '../verification';
import { labelOf, type TableName } from './table';

export interface OwnObjects {
  readonly tables: readonly TableName[];
  /** Tables that migrations make, and to which the tool adds rows beside them, which it leaves there. */
  readonly filled: readonly TableName[];
  /** Schemas that nobody else uses. */
  readonly schemas: ReadonlySet<string>;
  /** The schema of its tables: it may have made it, or found it. */
  readonly schema: string;
}

/** @param label of the history table: `public.schema_migrations` */
export function ownObjects(layout: LayoutName, label: string): OwnObjects {
  const [schema = '', ...rest] = label.split('.');
  const name = rest.join('.');
  const { beside = [], filled = [], isOwnSchema = false } = special[layout] ?? {};
  const inSchema = (it: string): TableName => ({ schema, name: it });
  return {
    tables: [name, ...beside].map(inSchema),
    filled: filled.map(inSchema),
    schemas: new Set(isOwnSchema ? [schema] : []),
    schema,
  };
}

/** @param label of a table: `public.orders` */
export const isOwnTable = ({ tables, schemas }: OwnObjects, label: string): boolean =>
  tables.some((it) => labelOf(it) === label) || [...schemas].some((schema) => label.startsWith(`${schema}.`));

/** Rows that the tool has added beside its migrations. */
export const isAddedByTool = ({ filled }: OwnObjects, loss: DataLoss): boolean =>
  'table' in loss &&
  loss.after !== undefined &&
  loss.after > loss.before &&
  filled.some((it) => labelOf(it) === loss.table);

/** Tables beside that of the history, those that it fills, and tools that have a schema for themselves. */
const special: Readonly<
  Partial<
    Record<
      LayoutName,
      { readonly beside?: readonly string[]; readonly filled?: readonly string[]; readonly isOwnSchema?: true }
    >
  >
> = {
  // After each `migrate`: create_contenttypes and create_permissions in the source of Django.
  django: { filled: ['django_content_type', 'auth_permission'] },
  liquibase: { beside: ['databasechangeloglock'] },
  rails: { beside: ['ar_internal_metadata'] },
  'graphile-migrate': { isOwnSchema: true },
  sqitch: { isOwnSchema: true },
  supabase: { isOwnSchema: true },
  numbered: { isOwnSchema: true },
};
