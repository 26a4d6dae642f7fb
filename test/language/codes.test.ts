/** Every code of ours is explained under a heading of its own in the README. */
import { deepEqual } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** Rooms that make findings. A refusal is shown by its SQLSTATE, whatever it means. */
const rooms = [
  'engine/layouts',
  'engine/layouts/directives',
  'engine/probes',
  'engine/projects',
  'engine/rehearsal',
  'engine/rehearsal/bodies',
  'language',
];
const shownBySqlState = new Set(['refused', 'statement-timeout']);

describe('the codes of findings', () => {
  it('are the headings of the README', () => {
    const codes = rooms.flatMap((room) => {
      const files = readdirSync(join(root, 'server', room)).filter((name) => name.endsWith('.ts'));
      const texts = files.map((name) => readFileSync(join(root, 'server', room, name), 'utf8'));
      return texts.flatMap((text) => [...text.matchAll(/\bcode: '([a-z-]+)'/g)].map(([, code = '']) => code));
    });
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const [, section = ''] = /^## What the codes mean$([^]*?)^## /m.exec(readme) ?? [];
    const headings = [...section.matchAll(/^### (\S+)$/gm)].map(([, heading = '']) => heading);
    const shown = new Set(codes.filter((code) => !shownBySqlState.has(code)));
    deepEqual(headings.toSorted(), [...shown].toSorted());
  });
});
