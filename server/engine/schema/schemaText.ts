/**
 * A schema as canonical SQL text: every object that pg_dump prints, each under a heading of its own.
 *
 * The text comes from pg_dump --schema-only; its headings (`-- Name: …; Type: …; Schema: …; Owner: …`) cut it into
 * objects. What only says how it was dumped (settings, the dump's version) is left out; an owner is told where it is
 * not the usual one.
 */

export interface SchemaObject {
  /** As pg_dump calls it: `TABLE`, `INDEX`, `FK CONSTRAINT`, `COMMENT`. */
  readonly type: string;
  /** `-` for what stands in no schema. */
  readonly schema: string;
  /** As in the heading; for parts of a table the table comes first: `orders orders_pkey`. */
  readonly name: string;
  /** SQL, without the heading, ending with one newline. */
  readonly text: string;
  /** The statement that gives it its owner, ending with one newline; empty for what has none of its own. */
  readonly ownership: string;
  /** Empty for what has none of its own. */
  readonly owner: string;
}

const heading = /^--\n-- Name: (.*); Type: (.*); Schema: (.*); Owner: ?(.*)\n--\n/gm;

/** Cuts a dump into its objects, in the dump's order. What stands before the first heading is no object. */
export function objectsOf(dump: string): SchemaObject[] {
  const text = dump.replaceAll('\r\n', '\n');
  const headings = [...text.matchAll(heading)];
  const first = headings[0]?.index ?? text.length;
  let storage = defaultsIn(text.slice(0, first), usualStorage);
  return headings.flatMap(({ index, 0: whole, 1: name = '', 2: type = '', 3: schema = '', 4: owner = '' }, i) => {
    const { body, tail } = cut(text.slice(index + whole.length, headings[i + 1]?.index ?? text.length));
    const stored = storedAs(type, storage);
    storage = defaultsIn(tail, storage);
    const ownership = /^ALTER .* OWNER TO .*;$/m.exec(tail)?.[0];
    if (body === '') return [];
    const owned = ownership === undefined ? { ownership: '', owner: '' } : { ownership: `${ownership}\n`, owner };
    return [{ type, schema, name, text: `${stored}${body}\n`, ...owned }];
  });
}

/** The owner of most objects, who goes without saying; undefined when nothing has an owner. */
export function usualOwner(objects: readonly SchemaObject[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { owner } of objects) if (owner !== '') counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** The same objects; the text of those that have another owner says so. */
export const withOwners = (objects: readonly SchemaObject[], usual: string | undefined): SchemaObject[] =>
  objects.map((it) => (it.owner === usual ? it : { ...it, text: it.text + it.ownership }));

/** The whole schema as text for people and for comparing: the same schema gives the same text. */
export function canonicalText(objects: readonly SchemaObject[]): string {
  return objects.map((it) => `-- ${titleOf(it)}\n${it.text}`).join('\n');
}

/** Objects of one title are one: pg_dump gives, for example, every grant on a table the same heading. */
export function byTitle<T>(
  objects: readonly SchemaObject[],
  joined: (object: SchemaObject, former: T | undefined) => T,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const object of objects) {
    const title = titleOf(object);
    found.set(title, joined(object, found.get(title)));
  }
  return found;
}

/** `TABLE public.orders`. */
export const titleOf = (object: SchemaObject): string => `${object.type} ${qualifiedName(object)}`;

/** Never that of an object in another schema: a schema whose own name has a dot is quoted. */
export function qualifiedName({ schema, name }: Pick<SchemaObject, 'schema' | 'name'>): string {
  if (schema === '-') return name;
  return `${/[."]/.test(schema) ? `"${schema.replaceAll('"', '""')}"` : schema}.${name}`;
}

/** The way back. */
export function partsOf(qualified: string): Pick<SchemaObject, 'schema' | 'name'> {
  const [, quoted, plain = '-', name = qualified] = /^(?:"((?:[^"]|"")*)"|([^."]*))\.([^]*)$/.exec(qualified) ?? [];
  return { schema: quoted?.replaceAll('""', '"') ?? plain, name };
}

/**
 * What pg_dump puts behind an object: its owner, and the storage that the next one needs. Only looked for at the end:
 * the body of a function may hold such lines, too.
 */
const behind =
  /^(?:|--|SET default_(?:tablespace|table_access_method) = .*|ALTER .* OWNER TO .*|\\(?:un)?restrict .*|-- PostgreSQL database dump complete)$/;

function cut(text: string): { readonly body: string; readonly tail: string } {
  const lines = text.split('\n');
  const last = lines.findLastIndex((line) => !behind.test(line));
  return {
    body: lines
      .slice(0, last + 1)
      .join('\n')
      .trimStart(),
    tail: lines.slice(last + 1).join('\n'),
  };
}

/** As pg_dump has them in force for the objects that follow. */
interface Storage {
  readonly tablespace: string;
  readonly method: string;
}

const usualStorage: Storage = { tablespace: "''", method: 'heap' };

const defaultsIn = (text: string, former: Storage): Storage => ({
  tablespace: [...text.matchAll(/^SET default_tablespace = (.*);$/gm)].at(-1)?.[1] ?? former.tablespace,
  method: [...text.matchAll(/^SET default_table_access_method = (.*);$/gm)].at(-1)?.[1] ?? former.method,
});

/** The settings that an object was dumped under, where they are not the usual ones and mean something to it. */
function storedAs(type: string, { tablespace, method }: Storage): string {
  const isTable = type === 'TABLE' || type === 'MATERIALIZED VIEW';
  const lines = [
    ...(tablespace !== usualStorage.tablespace && (isTable || type === 'INDEX' || type === 'CONSTRAINT')
      ? [`SET default_tablespace = ${tablespace};`]
      : []),
    ...(method !== usualStorage.method && isTable ? [`SET default_table_access_method = ${method};`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
