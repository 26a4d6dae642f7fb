/** Which names does a statement mention? Rather one too many: they tell whether it may depend on something. */
import type { Node } from 'libpg-query';
import { isStringToken, readString } from './strings';
import { codeIn, visit } from './tree';
import { foldedName, nameParts, type Token, tokensOf } from './tokens';

/** Fields of the tree that hold names; names in lists are String nodes. */
const nameFields: ReadonlySet<string> = new Set([
  'relname',
  'schemaname',
  'colname',
  'conname',
  'idxname',
  'indexname',
  'name',
  'subname',
  'newname',
  'newschema',
  'local_schema',
  'rolename',
  'role',
  'priv_name',
  'trigname',
  'policy_name',
  'rulename',
  'extname',
  'fdwname',
  'servername',
  'server_name',
  'pubname',
  'plname',
  'lang',
  'amname',
  'accessMethod',
  'access_method',
  'tablespacename',
  'tableSpace',
  'indexspace',
  'dbname',
  'database',
  'portalname',
  'oldVal',
  'newValNeighbor',
]);

/** Names in the tree, in its strings (`'app.users'::regclass`, values of enums) and in the code that it holds. */
export function mentionsOfTree(tree: Node): Set<string> {
  const found = new Set<string>();
  visit(
    tree,
    () => true,
    (key, value) => {
      if (key === 'sval') addText(found, value);
      else if (nameFields.has(key)) found.add(value);
    },
  );
  if ('DoStmt' in tree) addCode(found, codeIn(tree.DoStmt.args).text);
  if ('CreateFunctionStmt' in tree) addCode(found, codeIn(tree.CreateFunctionStmt.options).text);
  return found;
}

/** The same for text that cannot be parsed. */
export function mentionsOfTokens(tokens: readonly Token[]): Set<string> {
  const found = new Set<string>();
  for (const { kind, text } of tokens) {
    if (kind === 'word' || kind === 'quotedIdentifier') found.add(foldedName(text));
    else if (kind === 'dollarString') addCode(found, readString(text).text);
    else if (isStringToken(kind)) addText(found, readString(text).text);
  }
  return found;
}

function addText(found: Set<string>, text: string): void {
  if (text.length > longestName) return;
  found.add(text);
  if (/^[\p{L}_"][^\s();]*$/u.test(text)) for (const part of nameParts(text)) found.add(part);
}

function addCode(found: Set<string>, code: string): void {
  for (const { kind, text } of tokensOf(code)) {
    if (kind === 'word' || kind === 'quotedIdentifier') found.add(foldedName(text));
    else if (isStringToken(kind)) addText(found, readString(text).text);
  }
}

/** Two names of 63 characters, a dot and some quotes. */
const longestName = 131;
