/** What has changed between two schemas: shown, complete, in the order of the later one. */
import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { differenceOf } from '../../server/engine/schema/difference';
import { partsOf, type SchemaObject } from '../../server/engine/schema/schemaText';

const object = (name: string, text: string, type = 'TABLE'): SchemaObject => ({
  type,
  schema: 'public',
  name,
  text,
  ownership: '',
  owner: '',
});

const brief = (before: readonly SchemaObject[], after: readonly SchemaObject[]) =>
  differenceOf(before, after).map(({ kind, type, name }) => `${kind} ${type} ${name}`);

describe('the difference of two schemas', () => {
  it('tells what was added, removed and changed, with both texts', () => {
    const [a, b, c] = [object('a', '1'), object('b', '2'), object('c', '3')];
    deepEqual(differenceOf([a, b], [object('a', '1.1'), c]), [
      { kind: 'changed', type: 'TABLE', name: 'public.a', before: '1', after: '1.1' },
      { kind: 'removed', type: 'TABLE', name: 'public.b', before: '2' },
      { kind: 'added', type: 'TABLE', name: 'public.c', after: '3' },
    ]);
  });

  it('is empty for a schema and itself', () => {
    deepEqual(brief([object('a', '1'), object('a', '2')], [object('a', '1'), object('a', '2')]), []);
  });

  it('has what is new where it stands, and what is gone where it stood', () => {
    const named = (names: string) => names.split('').map((name) => object(name, name));
    deepEqual(brief(named('abcd'), named('xacyd')), [
      'added TABLE public.x',
      'removed TABLE public.b',
      'added TABLE public.y',
    ]);
  });

  it('takes objects of one title for one, and does not mind schemas of the same names', () => {
    deepEqual(brief([object('a', 'x', 'ACL')], [object('a', 'x', 'ACL'), object('a', 'y', 'ACL')]), [
      'changed ACL public.a',
    ]);
    const elsewhere = { ...object('a', 'x'), schema: 'app' };
    deepEqual(brief([object('a', 'x')], [object('a', 'x'), elsewhere]), ['added TABLE app.a']);
    deepEqual(brief([], [{ ...object('app', 'x', 'SCHEMA'), schema: '-' }]), ['added SCHEMA app']);
  });

  it('takes no object for that of another schema, whatever dots are in their names', () => {
    const [one, other] = [
      { ...object('b.c', 'x'), schema: 'a' },
      { ...object('c', 'y'), schema: 'a.b' },
    ];
    const changes = differenceOf([one], [other]);
    deepEqual(
      changes.map(({ kind, name }) => [kind, name, partsOf(name)]),
      [
        ['removed', 'a.b.c', { schema: 'a', name: 'b.c' }],
        ['added', '"a.b".c', { schema: 'a.b', name: 'c' }],
      ],
    );
  });

  it('tells every object that differs, once, whatever the order', () => {
    const schema = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.nat(2)), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(schema, schema, (was, is) => {
        const told = differenceOf(
          was.map(([name, text]) => object(name, String(text))),
          is.map(([name, text]) => object(name, String(text))),
        );
        const [old, now] = [new Map(was), new Map(is)];
        const names = [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name));
        deepEqual(told.map(({ name }) => name.replace('public.', '')).toSorted(), names.toSorted());
        const order = told.filter(({ kind }) => kind !== 'removed').map(({ name }) => name.replace('public.', ''));
        deepEqual(
          order,
          [...now.keys()].filter((name) => order.includes(name)),
        );
        equal(new Set(order).size, order.length);
      }),
    );
  });
});
