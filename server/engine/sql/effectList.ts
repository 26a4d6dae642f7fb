/** Collects what a statement makes and takes. */
import type { ObjectName } from './statement';
import { lastOf, type NameParts } from './tree';

export type Kind = ObjectName['kind'];
type More = Pick<ObjectName, 'of' | 'ofSchema' | 'implicit' | 'notNull'>;

export class Effects {
  readonly makes: ObjectName[] = [];
  readonly takes: ObjectName[] = [];

  /** A name without parts is no object (the grammar lets some be left out). */
  make(kind: Kind, parts: NameParts, more: More = {}): void {
    if (lastOf(parts) !== '') this.makes.push(objectName(kind, parts, more));
  }

  take(kind: Kind, parts: NameParts, more: More = {}): void {
    if (lastOf(parts) !== '') this.takes.push(objectName(kind, parts, more));
  }

  /** A rename or a move to another schema. */
  move(kind: Kind, from: NameParts, to: NameParts, more: More = {}): void {
    this.take(kind, from, more);
    this.make(kind, to, more);
  }
}

/** Of what belongs to the object with this name. */
export function partOf(parts: NameParts): Pick<ObjectName, 'of' | 'ofSchema'> {
  const [schema, of] = [parts.at(-2), parts.at(-1)];
  return {
    ...(of === undefined ? {} : { of }),
    ...(schema === undefined || schema === '' ? {} : { ofSchema: schema }),
  };
}

function objectName(kind: Kind, parts: NameParts, more: More): ObjectName {
  const schema = parts.at(-2);
  return { kind, ...(schema === undefined || schema === '' ? {} : { schema }), name: lastOf(parts), ...more };
}
