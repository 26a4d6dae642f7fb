/** The log at its most talkative holds no password. */
import { equal } from 'node:assert/strict';
import { masked } from '../../../client/server';

describe('log', () => {
  it('masks the passwords of messages', () => {
    equal(
      masked('{"choice":{"kind":"server","password": "a \\"b\\" c","connection":"host=db"}}'),
      '{"choice":{"kind":"server","password": "***","connection":"host=db"}}',
    );
  });

  it('masks passwords that somebody wrote into a connection text', () => {
    equal(masked('"postgres://ana:p@ss@db/shop?password=two&a=b"'), '"postgres://ana:***@db/shop?password=***&a=b"');
    equal(masked(`"host=db password='my \\' secret' user=ana"`), `"host=db password=*** user=ana"`);
    equal(masked('"postgres://db/shop?sslpassword=two&a=b"'), '"postgres://db/shop?sslpassword=***&a=b"');
    equal(masked(`"host=db sslpassword='t w o' user=ana"`), `"host=db sslpassword=*** user=ana"`);
    equal(masked('"postgres://ana@db:5432/shop"'), '"postgres://ana@db:5432/shop"');
  });
});
