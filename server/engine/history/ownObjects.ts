/** Which objects of a database are the tool's own: no migration makes them, and none is to make them. */
import type { LayoutName } from '../layouts/layout';
import { labelOf, type TableName } from './table';

export interface OwnObjects {
  readonly tables: readonly TableName[];
  /** Schemas that nobody else uses. */
  readonly schemas: ReadonlySet<string>;
  /** The schema of its tables: it may have made it, or found it. */
  readonly schema: string;
}

/** @param label of the history table: `public.schema_migrations` */
export function ownObjects(layout: LayoutName, label: string): OwnObjects {
  const [schema = '', ...rest] = label.split('.');
  const name = rest.join('.');
  const { beside = [], isOwnSchema = false } = special[layout] ?? {};
  return {
    tables: [name, ...beside].map((it) => ({ schema, name: it })),
    schemas: new Set(isOwnSchema ? [schema] : []),
    schema,
  };
}

/** @param label of a table: `public.orders` */
export const isOwnTable = ({ tables, schemas }: OwnObjects, label: string): boolean =>
  tables.some((it) => labelOf(it) === label) || [...schemas].some((schema) => label.startsWith(`${schema}.`));

/** Tables beside that of the history, and tools that have a schema for themselves. */
const special: Readonly<
  Partial<Record<LayoutName, { readonly beside?: readonly string[]; readonly isOwnSchema?: true }>>
> = {
  liquibase: { beside: ['databasechangeloglock'] },
  rails: { beside: ['ar_internal_metadata'] },
  'graphile-migrate': { isOwnSchema: true },
  sqitch: { isOwnSchema: true },
  supabase: { isOwnSchema: true },
  numbered: { isOwnSchema: true },
};
