/** A password never stays in the text that is stored and shown. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { withoutPassword } from '../../client/connectionText';

const taken = (text: string): [string, string | undefined] => {
  const { connection, password } = withoutPassword(text);
  return [connection, password];
};

describe('connection text', () => {
  it('URL: the password leaves, the rest stays as it was', () => {
    deepEqual(taken('postgres://ana:s%40cret@localhost:5432/shop'), ['postgres://ana@localhost:5432/shop', 's@cret']);
    deepEqual(taken('postgresql://ana@db/shop?sslmode=require'), [
      'postgresql://ana@db/shop?sslmode=require',
      undefined,
    ]);
    deepEqual(taken('postgres:///shop?host=/run/pg'), ['postgres:///shop?host=/run/pg', undefined]);
    deepEqual(taken('postgres://db/shop'), ['postgres://db/shop', undefined]);
    deepEqual(taken('pgx5://ana:secret@db/shop?x-multi-statement=true'), [
      'pgx5://ana@db/shop?x-multi-statement=true',
      'secret',
    ]);
  });

  it('URL: a password among the parameters wins, as it does for libpq', () => {
    deepEqual(taken('postgres://ana:one@db/shop?sslmode=require&password=two'), [
      'postgres://ana@db/shop?sslmode=require',
      'two',
    ]);
    deepEqual(taken('postgres://db/shop?password=two'), ['postgres://db/shop', 'two']);
  });

  it('URL: an @ that nobody escaped does not leave half a password behind', () => {
    deepEqual(taken('postgres://ana:p@ss@db/shop'), ['postgres://ana@db/shop', 'p@ss']);
    deepEqual(taken('postgres://ana:100%@db/shop'), ['postgres://ana@db/shop', '100%']);
  });

  it('pairs: quoted or not, with escapes', () => {
    deepEqual(taken('host=db password=secret dbname=shop'), ['host=db dbname=shop', 'secret']);
    deepEqual(taken(`host=db password = 'it\\'s a \\\\ secret' dbname='my shop'`), [
      `host=db dbname='my shop'`,
      `it's a \\ secret`,
    ]);
    deepEqual(taken(`application_name='x password=y' host=db`), [`application_name='x password=y' host=db`, undefined]);
  });

  it('the password of the client key leaves as well', () => {
    deepEqual(taken('postgres://ana:one@db/shop?sslpassword=two&sslmode=require'), [
      'postgres://ana@db/shop?sslmode=require',
      'one',
    ]);
    deepEqual(taken('postgres://db/shop?ssl%70assword=two&p%61ssword=one'), ['postgres://db/shop', 'one']);
    deepEqual(taken(`host=db sslpassword='t w o' dbname=shop`), ['host=db dbname=shop', undefined]);
  });

  it('what is neither is given back, for the server to refuse', () => {
    deepEqual(taken(' shop_dev '), ['shop_dev', undefined]);
    deepEqual(taken(''), ['', undefined]);
  });

  it('any password comes out whole, and nothing of it stays', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, unit: 'grapheme' }), (password) => {
        const url = withoutPassword(`postgres://ana:${encodeURIComponent(password)}@db/shop`);
        const quoted = password.replaceAll(/[\\']/g, String.raw`\$&`);
        const pairs = withoutPassword(`user=ana password='${quoted}' host=db`);
        equal(url.password, password);
        equal(pairs.password, password);
        ok(url.connection === 'postgres://ana@db/shop' && pairs.connection === 'user=ana host=db');
      }),
    );
  });
});
