/** What is told about one statement: by the notices of the observer's event triggers, and in answer to questions. */
import type { Notice, TextRow } from '../../database/session';
import { reportState } from './install';
import type { Dependent } from './observation';

/** DDL that was done. Without `identity`: GRANT and ALTER DEFAULT PRIVILEGES do not say on what. */
export interface Made {
  readonly classId: number;
  readonly oid: number;
  /** Number of a column, or 0. */
  readonly part: number;
  readonly kind: string;
  readonly identity: string;
  /** `CREATE TABLE`. */
  readonly tag: string;
}

export interface Dropped {
  readonly classId: number;
  readonly oid: number;
  readonly part: number;
  readonly kind: string;
  readonly identity: string;
  /** It was meant; else it went with something that was. */
  readonly original: boolean;
  /** It depended on what was dropped; else it was a part of it. */
  readonly normal: boolean;
}

export interface Reports {
  readonly made: readonly Made[];
  readonly dropped: readonly Dropped[];
}

export interface Sorted {
  /** Those of the statement itself. */
  readonly notices: readonly Notice[];
  readonly reports: Reports;
}

/** Tells the observer's reports from the notices of the statement. */
export function sortNotices(all: readonly Notice[]): Sorted {
  const told = all.filter(({ sqlState }) => sqlState === reportState);
  const listed = (wanted: string): readonly unknown[] =>
    told.filter(({ message }) => message === wanted).flatMap(({ detail = '[]' }) => JSON.parse(detail) as unknown[]);
  return {
    notices: told.length === 0 ? all : all.filter(({ sqlState }) => sqlState !== reportState),
    reports: {
      made: listed('ddl_command_end').map((it) => madeOf(it as MadeRow)),
      dropped: listed('sql_drop').map((it) => droppedOf(it as DroppedRow)),
    },
  };
}

/** @param rows of the questions, in any order */
export const dependentsIn = (rows: readonly TextRow[]): Dependent[] =>
  rows.flatMap(([name, told]) =>
    name === 'dependents' ? (JSON.parse(told ?? '[]') as readonly DependentRow[]).map(dependentOf) : [],
  );

type MadeRow = readonly [number | null, number | null, number | null, string, string | null, string];
type DependentRow = readonly [string, string, Dependent['effect']];
type DroppedRow = readonly [number, number, number, string, string | null, boolean, boolean];

const madeOf = ([classId, oid, part, kind, identity, tag]: MadeRow): Made => ({
  classId: classId ?? 0,
  oid: oid ?? 0,
  part: part ?? 0,
  kind: kind.toLowerCase(),
  identity: identity ?? '',
  tag,
});

const droppedOf = ([classId, oid, part, kind, identity, original, normal]: DroppedRow): Dropped => ({
  classId,
  oid,
  part,
  kind,
  identity: identity ?? '',
  original,
  normal,
});

const dependentOf = ([kind, identity, effect]: DependentRow): Dependent => ({ kind, identity, effect });
