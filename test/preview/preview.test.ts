/** Previews out of dumps: owners that go without saying, and those that do not. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { previewOf } from '../../server/engine/preview/preview';

const object = (name: string, owner: string, sql = `CREATE TABLE public.${name} ();`) =>
  `--\n-- Name: ${name}; Type: TABLE; Schema: public; Owner: ${owner}\n--\n\n${sql}\n\n\nALTER TABLE public.${name} OWNER TO ${owner};\n\n`;

describe('a preview', () => {
  const before = object('a', 'app') + object('b', 'app') + object('c', 'other');

  it('says who owns what only where it is not the usual owner', () => {
    const { before: text, changes } = previewOf({ before, after: before });
    equal(text.match(/OWNER TO/g)?.length, 1);
    ok(text.includes('ALTER TABLE public.c OWNER TO other;'));
    deepEqual(changes, []);
  });

  it('tells a change of the owner', () => {
    const { changes } = previewOf({ before, after: before.replaceAll('app', 'App') });
    equal(changes.length, 2);
    const [first] = previewOf({
      before,
      after: before
        .replace('public.b OWNER TO app', 'public.b OWNER TO other')
        .replace(
          'Name: b; Type: TABLE; Schema: public; Owner: app',
          'Name: b; Type: TABLE; Schema: public; Owner: other',
        ),
    }).changes;
    deepEqual(first, {
      kind: 'changed',
      type: 'TABLE',
      name: 'public.b',
      before: 'CREATE TABLE public.b ();\n',
      after: 'CREATE TABLE public.b ();\nALTER TABLE public.b OWNER TO other;\n',
    });
  });

  it('begins with nothing', () => {
    const { before: text, after, changes } = previewOf({ before: '', after: object('a', 'app') });
    equal(text, '');
    equal(after, '-- TABLE public.a\nCREATE TABLE public.a ();\n');
    deepEqual(
      changes.map(({ kind }) => kind),
      ['added'],
    );
  });
});
