/** Colours lines of SQL as an editor does: a grammar of SQL with ours injected into it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createOnigScanner, createOnigString, loadWASM } from 'vscode-oniguruma';
import { type IRawGrammar, INITIAL, parseRawGrammar, Registry } from 'vscode-textmate';

export interface Token {
  readonly text: string;
  /** From the outside in, without the one of the whole file. */
  readonly scopes: readonly string[];
}

const injected = 'rehearsal.directives.injection';

/** Just enough of SQL to be in the way: comments, strings and casts. */
export const smallSql = parseRawGrammar(
  JSON.stringify({
    scopeName: 'source.sql',
    patterns: [
      { match: '--.*$', name: 'comment.line.double-dash.sql' },
      { begin: '/\\*', end: '\\*/', name: 'comment.block.sql' },
      { begin: "'", end: "'", name: 'string.quoted.single.sql' },
      { match: '::\\w+', name: 'keyword.operator.cast.sql' },
    ],
  }),
  'sql.json',
);

/** @returns for each line its tokens */
export async function coloursWith(sql: IRawGrammar): Promise<(text: string) => readonly (readonly Token[])[]> {
  const wasm = readFileSync(createRequire(__filename).resolve('vscode-oniguruma/release/onig.wasm'));
  await loadWASM(wasm);
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: (name) => Promise.resolve(name === injected ? ours() : sql),
    getInjections: (name) => (name === 'source.sql' ? [injected] : []),
  });
  const grammar = await registry.loadGrammar('source.sql');
  if (!grammar) throw new Error('there is no grammar');
  return (text) => {
    let stack = INITIAL;
    return text.split('\n').map((line) => {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
      stack = ruleStack;
      return tokens.map(({ startIndex, endIndex, scopes }) => ({
        text: line.slice(startIndex, endIndex),
        scopes: scopes.slice(1),
      }));
    });
  };
}

const path = 'syntaxes/directives.tmLanguage.json';
const ours = (): IRawGrammar => parseRawGrammar(readFileSync(path, 'utf8'), path);
