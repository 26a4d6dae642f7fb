/**
 * A schema as canonical SQL text: every object that pg_dump prints, each under a heading of its own.
 *
 * The text comes from pg_dump --schema-only; its headings (`-- Name: …; Type: …; Schema: …; Owner: …`) cut it into
 * objects. What only says how it was dumped (settings, owners, the dump's version) is left out.
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
}

const heading = /^--\n-- (?:Data for )?Name: (.*); Type: (.*); Schema: (.*); Owner:.*\n--\n/gm;

/** Cuts a dump into its objects, in the dump's order. What stands before the first heading is no object. */
export function objectsOf(dump: string): SchemaObject[] {
  const text = dump.replaceAll('\r\n', '\n');
  const headings = [...text.matchAll(heading)];
  return headings.flatMap(({ index, 0: whole, 1: name = '', 2: type = '', 3: schema = '' }, i) => {
    const body = cleaned(text.slice(index + whole.length, headings[i + 1]?.index ?? text.length));
    return body === '' ? [] : [{ type, schema, name, text: body }];
  });
}

/** The whole schema as text for people and for comparing: the same schema gives the same text. */
export function canonicalText(objects: readonly SchemaObject[]): string {
  return objects.map((it) => `-- ${titleOf(it)}\n${it.text}`).join('\n');
}

/** `TABLE public.orders`. */
export const titleOf = ({ type, schema, name }: SchemaObject): string =>
  `${type} ${schema === '-' ? '' : `${schema}.`}${name}`;

/** Lines of pg_dump's own: where a dump was made and with which defaults says nothing about the schema. */
const incidental =
  /^(?:SET default_tablespace = .*|SET default_table_access_method = .*|ALTER .* OWNER TO .*|\\(?:un)?restrict .*|-- PostgreSQL database dump complete)$/;

function cleaned(body: string): string {
  const lines = body.split('\n').filter((line) => !incidental.test(line));
  const text = lines.join('\n').replace(/\n*--\n+--\n*$/, '\n');
  return text.trim() === '' || text.trim() === '--'
    ? ''
    : `${text
        .replace(/\n--\s*$/, '')
        .trim()
        .replace(/\n{3,}/g, '\n\n')}\n`;
}
