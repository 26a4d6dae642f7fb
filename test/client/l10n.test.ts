/** Translators find every text of the client in l10n/bundle.l10n.json; `UPDATE=1` writes it. */
import { equal } from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const bundle = 'l10n/bundle.l10n.json';

it('l10n/ holds the texts of the client, and no others', () => {
  const sources = readdirSync('client', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const texts = sources.flatMap((name) => textsOf(readFileSync(join('client', name), 'utf8')));
  const wanted = Object.fromEntries([...new Set(texts)].toSorted().map((text) => [text, text]));
  const expected = `${JSON.stringify(wanted, undefined, 2)}\n`;
  if (process.env['UPDATE']) writeFileSync(bundle, expected);
  equal(readFileSync(bundle, 'utf8'), expected);
});

const textsOf = (source: string): string[] =>
  [...source.matchAll(/\bl10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
