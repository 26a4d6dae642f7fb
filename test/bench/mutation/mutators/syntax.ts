/** What cannot be read at all: a token that is missing, a keyword that is misspelt. */
import { misspelt, type Mutator, replacement } from '../mutation';
import { isNameToken, treeOf } from '../site';

const missingToken: Mutator = {
  name: 'token_removed',
  shows: 'run',
  // Which word is to blame only Postgres can say; and what it can still read is no such mistake.
  mutate: ({ tokens, statement }) =>
    (tokens.length > 1 ? tokens : [])
      .map(({ range }) => replacement(range, ''))
      .filter(({ range }) => {
        const [start, end] = [range.start - statement.range.start, range.end - statement.range.start];
        return treeOf(statement.text.slice(0, start) + statement.text.slice(end)) === undefined;
      }),
};

const keyword =
  /^(?:create|table|alter|column|constraint|foreign|primary|references|unique|index|default|insert|into|values|update|select|from|where|view|drop|returns|function|trigger|execute|comment|grant|revoke|type|extension|schema)$/i;

const misspeltKeyword: Mutator = {
  name: 'misspelt_keyword',
  shows: 'run',
  mutate: ({ tokens, statement }) =>
    tokens
      .filter((it) => isNameToken(it) && keyword.test(it.text))
      .map(({ range, text }) => replacement(range, misspelt(text)))
      .filter(({ range, text }) => {
        const [start, end] = [range.start - statement.range.start, range.end - statement.range.start];
        return treeOf(statement.text.slice(0, start) + text + statement.text.slice(end)) === undefined;
      }),
};

export const syntax: readonly Mutator[] = [missingToken, misspeltKeyword];
