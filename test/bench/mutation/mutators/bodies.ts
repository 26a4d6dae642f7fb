/**
 * Misspelt names in the bodies of functions and DO blocks.
 *
 * Postgres reads a body in SQL when the function is made, runs that of DO at once, and looks at one in PL/pgSQL only
 * when it is called: mistakes there are latent.
 */
import type { Node } from 'libpg-query';
import { shifted } from '../../../../server/engine/base/text';
import { isStringToken, readString } from '../../../../server/engine/sql/strings';
import { type Token, tokensOf } from '../../../../server/engine/sql/tokens';
import { codeIn } from '../../../../server/engine/sql/tree';
import { misspelling, type Mutator } from '../mutation';
import { isNameToken, type Site } from '../site';

type Owner = 'function' | 'do' | 'sql';

const inBody = (owner: Owner, kind: 'table' | 'column', names: (body: readonly Token[]) => Token[]): Mutator => ({
  name: `${owner === 'function' ? 'plpgsql' : owner}_body_${kind}`,
  shows: owner === 'function' ? 'latent' : 'run',
  mutate: (site) => (ownerOf(site.tree) === owner ? names(bodyOf(site)).map(misspelling) : []),
});

function ownerOf(tree: Node): Owner | undefined {
  if ('DoStmt' in tree) return codeIn(tree.DoStmt.args).language === 'plpgsql' ? 'do' : undefined;
  if (!('CreateFunctionStmt' in tree)) return undefined;
  const { language } = codeIn(tree.CreateFunctionStmt.options);
  return language === 'sql' ? 'sql' : language === 'plpgsql' ? 'function' : undefined;
}

/** Its tokens, where they stand in the file. */
function bodyOf({ tokens }: Site): Token[] {
  const body = tokens.findLast(({ kind, text }) => isStringToken(kind) && text.length > 20);
  if (!body) return [];
  const value = readString(body.text);
  // Where quotes are doubled a token is not written as it is read: those that hold some are no names.
  return tokensOf(value.text)
    .filter(({ kind }) => kind !== 'comment')
    .map((it) => ({
      ...it,
      range: shifted(
        { start: value.offsetOf(it.range.start), end: value.offsetOf(it.range.start) + it.text.length },
        body.range.start,
      ),
    }));
}

const tablesIn = (body: readonly Token[]): Token[] =>
  body.flatMap((token, i) => {
    const name = body[i + 2]?.text === '.' ? body[i + 3] : body[i + 1];
    const leads =
      /^(?:from|join|update)$/i.test(token.text) ||
      (/^into$/i.test(token.text) && /^insert$/i.test(body[i - 1]?.text ?? ''));
    const other = /^(?:distinct|for|on|do)$/i.test(body[i - 1]?.text ?? '') || isInCall(body, i);
    const last = name && (body[i + 2]?.text === '.' ? body[i + 4] : body[i + 2]);
    const plain = name && isNameToken(name) && !/^(?:select|only|lateral|unnest|old|new|set)$/i.test(name.text);
    return leads && !other && plain && last?.text !== '(' ? [name] : [];
  });

/** `extract(epoch from x)`, `substring(x from 2)`: no table follows. */
function isInCall(body: readonly Token[], index: number): boolean {
  let depth = 0;
  for (let i = index; i >= 0 && !/^(?:select|delete|insert|;)$/i.test(body[i]?.text ?? ''); i--) {
    if (body[i]?.text === ')') depth++;
    if (body[i]?.text === '(' && --depth < 0) return true;
  }
  return false;
}

/** Of rows that are qualified: `new.email`, `u.id`. */
const columnsIn = (body: readonly Token[]): Token[] =>
  body.filter((token, i) => {
    const qualified = body[i - 1]?.text === '.' && body[i - 3]?.text !== '.' && body[i + 1]?.text !== '.';
    const clause = /^(?:from|join|update|into|perform|table|call)$/i.test(body[i - 3]?.text ?? '');
    return (
      isNameToken(token) && qualified && !clause && body[i + 1]?.text !== '(' && !body[i + 1]?.text.startsWith('%')
    );
  });

export const bodies: readonly Mutator[] = (['function', 'do', 'sql'] as const).flatMap((owner) => [
  inBody(owner, 'table', tablesIn),
  inBody(owner, 'column', columnsIn),
]);
