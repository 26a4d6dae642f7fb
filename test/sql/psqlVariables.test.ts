/** What psql would put something into, and what only looks like it. */
import { deepEqual } from 'node:assert/strict';
import { psqlVariableAt } from '../../server/engine/sql/psqlVariables';

describe('variables of psql', () => {
  const cases: readonly [string, number | undefined][] = [
    ['select :name', 7],
    ["select :'name'", 7],
    ['drop schema :"registry"', 12],
    ["insert into t values (1,:'a b')", 24],
    ["select ':name', $$:name$$, $a$:'x'$a$, \"a:b\", 1 -- :x", undefined],
    ['select x::text, y:: "Kind", array[1]::int[]', undefined],
    ['select (a[1:n])[:m], :n', 21],
    ["select a[:'n']", 9],
    ['call p(a := b, c => :d)', 20],
    ['select : x', undefined],
    ['select 1', undefined],
  ];
  for (const [sql, place] of cases) it(sql, () => deepEqual(psqlVariableAt(sql), place));
});
