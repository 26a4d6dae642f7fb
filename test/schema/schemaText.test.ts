/** Schemas as text: complete, the same for the same schema, without what only says how it was dumped. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainParameters } from '../../server/engine/database/parameters';
import { serverDatabase } from '../../server/engine/database/serverDatabase';
import { canonicalText, objectsOf, usualOwner, withOwners } from '../../server/engine/schema/schemaText';
import { statementsOf } from '../../server/engine/sql/scan';
import { demand, withRoles } from '../shadow/support';
import { assets } from '../support/places';
import { type Major, servers, withDatabase } from '../support/servers';
import { withSession } from '../support/session';

const everything = readFileSync(join(__dirname, 'everything.sql'), 'utf8');

/** A dump of the database with one object of every kind. */
async function dumpOf(major: Major): Promise<string> {
  return withRoles(major, { some_reader: 'nologin', some_owner: 'nologin' }, ({ host, port, user, password }) =>
    withDatabase(major, (url) =>
      withSession(url, async (session) => {
        await demand(session, ...statementsOf(everything).map(({ text }) => text));
        const place = { host, port, user, password, database: new URL(url).pathname.slice(1) };
        try {
          return await serverDatabase(plainParameters(place), assets).dump();
        } finally {
          await demand(session, 'alter subscription sub set (slot_name = none)', 'drop subscription sub');
          await demand(session, 'drop event trigger on_ddl');
        }
      }),
    ),
  );
}

/** Settings of the dump's own session are no part of the schema. */
const isPartOfSchema = (sql: string): boolean => !/^(?:SET |SELECT pg_catalog\.set_config\()/.test(sql);

for (const major of [servers.oldest, servers.newest]) {
  describe(`the text of a schema on PostgreSQL ${major}`, () => {
    let dump: string;
    before(async () => (dump = await dumpOf(major)));

    it('holds every statement of the dump, and nothing else', () => {
      const objects = withOwners(objectsOf(dump), undefined);
      const told = statementsOf(canonicalText(objects)).map(({ text }) => text);
      const dumped = statementsOf(dump).map(({ text }) => text);
      deepEqual(told.toSorted(), dumped.filter(isPartOfSchema).toSorted());
    });

    it('leaves the bodies of functions as they are', () => {
      const body = objectsOf(dump).find(({ name }) => name.startsWith('body('))?.text ?? '';
      const written = everything.slice(everything.indexOf('  -- A body may'), everything.indexOf('  m := n;'));
      ok(body.includes(written), body);
    });

    it('has one object of every kind', () => {
      const types = [...new Set(objectsOf(dump).map(({ type }) => type))].toSorted();
      deepEqual(types, kinds);
    });

    it('tells owners where they are not the usual one', () => {
      const objects = objectsOf(dump);
      equal(usualOwner(objects), 'postgres');
      const owned = canonicalText(withOwners(objects, 'postgres')).match(/^ALTER .* OWNER TO (?!postgres).*$/gm);
      deepEqual(owned, [
        'ALTER SCHEMA app OWNER TO some_owner;',
        'ALTER TABLE app.parts OWNER TO nobody;',
        'ALTER PROCEDURE app.proc() OWNER TO some_owner;',
        'ALTER TABLE app.legacy OWNER TO some_owner;',
        'ALTER SEQUENCE app.legacy_id_seq OWNER TO some_owner;',
        'ALTER SEQUENCE app.numbers OWNER TO some_owner;',
      ]);
    });

    it('says nothing of how it was dumped', () => {
      const text = canonicalText(objectsOf(dump));
      const outside = text.replace(/CREATE FUNCTION app\.body[^]*?\$\$;/, 'a body');
      equal(/^(?:SET|--$|-- (?:PostgreSQL database dump|Dumped)|\\)/m.test(outside), false);
      equal(/\n{3}/.test(outside), false);
    });
  });
}

/** Subscriptions are not dumped: their connection strings may hold passwords. */
const kinds = [
  'ACCESS METHOD',
  'ACL',
  'AGGREGATE',
  'CAST',
  'COLLATION',
  'COMMENT',
  'CONSTRAINT',
  'CONVERSION',
  'DEFAULT',
  'DEFAULT ACL',
  'DOMAIN',
  'EVENT TRIGGER',
  'EXTENSION',
  'FK CONSTRAINT',
  'FOREIGN DATA WRAPPER',
  'FOREIGN TABLE',
  'FUNCTION',
  'INDEX',
  'INDEX ATTACH',
  'MATERIALIZED VIEW',
  'OPERATOR',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'POLICY',
  'PROCEDURAL LANGUAGE',
  'PROCEDURE',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'ROW SECURITY',
  'RULE',
  'SCHEMA',
  'SEQUENCE',
  'SEQUENCE OWNED BY',
  'SERVER',
  'STATISTICS',
  'TABLE',
  'TABLE ATTACH',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'TRANSFORM',
  'TRIGGER',
  'TYPE',
  'USER MAPPING',
  'VIEW',
];

describe('storage', () => {
  const table = (name: string) =>
    `--\n-- Name: ${name}; Type: TABLE; Schema: public; Owner: me\n--\n\nCREATE TABLE public.${name} ();\n\n\n`;
  const view = `--\n-- Name: v; Type: VIEW; Schema: public; Owner: me\n--\n\nCREATE VIEW public.v AS\n SELECT;\n\n\n`;

  it('is told of what has another one than usual', () => {
    const dump = `SET row_security = off;\n\nSET default_tablespace = fast;\n\nSET default_table_access_method = columnar;\n\n${table('a')}${view}SET default_tablespace = '';\n\n${table('b')}SET default_table_access_method = heap;\n\n${table('c')}--\n-- PostgreSQL database dump complete\n--\n\n`;
    deepEqual(
      objectsOf(dump).map(({ text }) => text),
      [
        'SET default_tablespace = fast;\nSET default_table_access_method = columnar;\nCREATE TABLE public.a ();\n',
        'CREATE VIEW public.v AS\n SELECT;\n',
        'SET default_table_access_method = columnar;\nCREATE TABLE public.b ();\n',
        'CREATE TABLE public.c ();\n',
      ],
    );
  });
});
