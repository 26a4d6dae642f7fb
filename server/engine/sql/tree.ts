/** Reading libpg_query's syntax trees: one key names the node, its value holds the fields. */
import type { Node, ObjectWithArgs, RangeVar, TypeName } from 'libpg-query';

type KeyOf<N> = N extends unknown ? keyof N & string : never;

/** The name of a node in Postgres's grammar. */
export type Tag = KeyOf<Node>;
export type NodeOf<T extends Tag> = Extract<Node, Record<T, unknown>>[T];

/** One function for some of the nodes; called with the fields of the node. */
export type ByTag<Rest extends readonly unknown[]> = { readonly [T in Tag]?: (node: NodeOf<T>, ...rest: Rest) => void };

export function dispatch<Rest extends readonly unknown[]>(handlers: ByTag<Rest>, node: Node, ...rest: Rest): void {
  for (const [tag, fields] of Object.entries(node)) {
    const handler = (handlers as Readonly<Record<string, ((fields: unknown, ...rest: Rest) => void) | undefined>>)[tag];
    handler?.(fields, ...rest);
  }
}

export const tagOf = (node: Node): string => Object.keys(node)[0] ?? 'unreadable';

/** The text of a String node, '' of any other. */
export const textOf = (node: Node | undefined): string => (node && 'String' in node ? (node.String.sval ?? '') : '');

/** A name as it was written, in parts: schema first when there is one. */
export type NameParts = readonly string[];

export const partsOf = (nodes: readonly Node[] | undefined): NameParts => nodes?.map(textOf) ?? [];

export const relationParts = (relation: RangeVar | undefined): NameParts =>
  relation ? [...(relation.schemaname ? [relation.schemaname] : []), relation.relname ?? ''] : [];

export const typeParts = (type: TypeName | undefined): NameParts => partsOf(type?.names);

export const lastOf = (parts: NameParts): string => parts.at(-1) ?? '';

/** The name in a node that can stand for an object: a list of strings, one string, a type, a function with arguments. */
export function objectParts(node: Node | undefined): NameParts {
  if (!node) return [];
  if ('List' in node) return partsOf(node.List.items);
  if ('TypeName' in node) return typeParts(node.TypeName);
  if ('ObjectWithArgs' in node) return routineParts(node.ObjectWithArgs);
  if ('RangeVar' in node) return relationParts(node.RangeVar);
  if ('RoleSpec' in node) return [node.RoleSpec.rolename ?? ''];
  return [textOf(node)];
}

const routineParts = ({ objname }: ObjectWithArgs): NameParts => partsOf(objname);

/** Code that a statement holds as text. */
export interface Code {
  readonly text: string;
  readonly language: string;
}

/** The body in the options of CREATE FUNCTION and DO; empty when there is none. */
export function codeIn(options: readonly Node[] = []): Code {
  const option = (name: string): Node | undefined =>
    options.map((node) => ('DefElem' in node ? node.DefElem : {})).find(({ defname }) => defname === name)?.arg;
  return { text: objectParts(option('as'))[0] ?? '', language: textOf(option('language')) || 'plpgsql' };
}

/**
 * Visits every object and every string in a tree, parents first, with the key it stands under.
 *
 * No recursion, so that the depth of the input does not matter.
 *
 * @param enter told about an object before what it holds; `false` leaves that out
 */
export function visit(
  root: unknown,
  enter: (key: string, value: object) => boolean | void,
  text?: (key: string, value: string) => void,
): void {
  const waiting: [string, unknown][] = [['', root]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [key, value] = next;
    if (typeof value === 'string') text?.(key, value);
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (let n = value.length - 1; n >= 0; n--) waiting.push([key, value[n]]);
    } else if (enter(key, value) !== false) {
      for (const entry of Object.entries(value).toReversed()) waiting.push(entry);
    }
  }
}
