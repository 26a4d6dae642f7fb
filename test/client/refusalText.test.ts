/** A notification shows no line breaks: what the server said in several lines must still be read as sentences. */
import { equal } from 'node:assert/strict';
import { refusalText } from '../../client/refusalText';

const refused = {
  migrations: [],
  version: '2',
  uri: 'file:///shop/db/002_users.sql',
  range: { start: { line: 2, character: 4 }, end: { line: 2, character: 9 } },
  state: 'Version 2 was rolled back; nothing of it stands.',
  left: 'nothing' as const,
};

describe('the notification of a refusal', () => {
  it('names file and line, and ends each sentence', () => {
    const message =
      'duplicate key value violates unique constraint "k"\nDetail: Key (id)=(1) already exists.\nHint: Try';
    equal(
      refusalText('/shop/db/002_users.sql', { ...refused, message, sqlState: '23505' }),
      '002_users.sql:3: duplicate key value violates unique constraint "k" (23505). Detail: Key (id)=(1) already exists. Hint: Try. Version 2 was rolled back; nothing of it stands.',
    );
  });

  it('does without a code', () => {
    equal(
      refusalText('/a/1.sql', { ...refused, message: 'It cannot run.' }),
      '1.sql:3: It cannot run. Version 2 was rolled back; nothing of it stands.',
    );
  });
});
