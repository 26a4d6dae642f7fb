/** What is written down about one snapshot, in a file of ours and at the snapshot itself. */
import { fieldsOf, jsonIn } from '../base/json';
import type { Snapshot } from '../project';

/** Plain JSON; the same in the registry, in the comment on a copy and at the head of a dump file. */
export interface SnapshotRecord {
  readonly rehearsal: 'snapshot';
  readonly id: string;
  readonly kind: Snapshot['kind'];
  /** `Database.id` of what it is a snapshot of. */
  readonly of: string;
  /** Name of that database on its server. */
  readonly database: string;
  /** ISO 8601. */
  readonly taken: string;
  readonly reason: string;
  readonly bytes: number;
  /** Newest applied version, null when there was none or it is not known. */
  readonly version: string | null;
  /** The database's own comment, which has to give way to this record while the copy is a snapshot. */
  readonly comment: string | null;
  /** What the user calls it. */
  readonly name?: string;
  /** Stays until the user throws it away; restored, it is copied once more. */
  readonly pinned?: true;
  /** It is the database of this branch, kept while that of another one has its place; pinned. */
  readonly branch?: string;
  /** Milliseconds that it took, by which the next one is foretold. */
  readonly ms?: number;
  /** Of a dump file: how it is written (plain when left out), and SHA-256 of its SQL as hexadecimal digits. */
  readonly packed?: 'gzip';
  readonly digest?: string;
}

/** @returns undefined when it is none of ours, or damaged */
export function recordIn(text: string | null | undefined): SnapshotRecord | undefined {
  const value = jsonIn(text ?? '');
  return isRecord(value) ? value : undefined;
}

export const snapshotOf = (record: SnapshotRecord, label: string): Snapshot => ({
  id: record.id,
  taken: record.taken,
  reason: record.reason,
  kind: record.kind,
  bytes: record.bytes,
  version: record.version ?? undefined,
  target: label,
  name: record.name,
  pinned: record.pinned === true,
  ...(record.branch === undefined ? {} : { branch: record.branch }),
});

/** The reason of what a restore took away. */
export const beforeRestore = 'before a restore';

function isRecord(value: unknown): value is SnapshotRecord {
  const fields = fieldsOf(value);
  return (
    fields.get('rehearsal') === 'snapshot' &&
    ['id', 'of', 'database', 'taken', 'reason'].every((name) => typeof fields.get(name) === 'string') &&
    ['copy', 'file', 'embedded'].some((kind) => kind === fields.get('kind')) &&
    typeof fields.get('bytes') === 'number' &&
    // Records of former versions have none of these.
    isOneOf(fields.get('pinned'), true) &&
    isOneOf(fields.get('packed'), 'gzip') &&
    ['name', 'digest', 'branch'].every((name) => ['undefined', 'string'].includes(typeof fields.get(name))) &&
    ['undefined', 'number'].includes(typeof fields.get('ms')) &&
    ['version', 'comment'].every((name) => fields.get(name) === null || typeof fields.get(name) === 'string') &&
    /^[A-Za-z0-9_]+$/.test(String(fields.get('id')))
  );
}

const isOneOf = (value: unknown, wanted: unknown): boolean => value === undefined || value === wanted;
