/** How many words name each kind of object behind CREATE, ALTER and DROP. */
import type { ObjectType } from 'libpg-query';

const several: { readonly [Type in ObjectType]?: number } = {
  OBJECT_MATVIEW: 2,
  OBJECT_FOREIGN_TABLE: 2,
  OBJECT_EVENT_TRIGGER: 2,
  OBJECT_OPCLASS: 2,
  OBJECT_OPFAMILY: 2,
  OBJECT_ACCESS_METHOD: 2,
  OBJECT_FDW: 3,
  OBJECT_TSPARSER: 3,
  OBJECT_TSDICTIONARY: 3,
  OBJECT_TSTEMPLATE: 3,
  OBJECT_TSCONFIGURATION: 3,
};

export const kindWords = (type: ObjectType | undefined): number => (type && several[type]) ?? 1;

/** What IF EXISTS can stand with when it gets another name or schema. */
export const relationTypes: ReadonlySet<ObjectType> = new Set<ObjectType>([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_INDEX',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
]);
