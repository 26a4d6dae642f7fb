/** Dump files are cut into statements and rows alike, wherever the pieces end in which they are read. */
import { deepEqual, rejects } from 'node:assert/strict';
import { partsOf } from '../../server/engine/snapshots/dumpParts';
import { isFault } from '../support/faults';

const rows = '1\t長い 🐘\\\\.\n\\\\.\n2\t; $$ \\N\n';
const body = `CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $_$
COPY t FROM stdin;
\\.
$_$`;
const insert = `INSERT INTO t VALUES\n\t(1, 'it''s; fine'),\n\t(2, '長い\n\\.\nCOPY t FROM stdin;')`;

const dump = `-- a dump; 長い
SET standard_conforming_strings = off;
SELECT 'a\\';b';

${body};
COPY t (a, "b;") FROM stdin;
${rows}\\.


COPY nothing FROM stdin;
\\.
${insert};
COPY last FROM stdin;
1
\\.
SELECT 1`;

const parts = [
  'SET standard_conforming_strings = off',
  `SELECT 'a\\';b'`,
  body,
  ['COPY t (a, "b;") FROM stdin', rows],
  ['COPY nothing FROM stdin', ''],
  insert,
  ['COPY last FROM stdin', '1\n'],
  'SELECT 1',
];

describe('a dump in pieces', () => {
  for (const length of [1, 2, 3, 5, 7, 11, 64, 10_000])
    it(`of ${length} bytes has the same parts`, async () => deepEqual(await told(dump, length), parts));

  it('may have lines that end as on Windows', async () =>
    deepEqual(await told('COPY t FROM stdin;\r\n1\r\n\\.\r\nSELECT 1;\r\n', 4), [
      ['COPY t FROM stdin', '1\r\n'],
      'SELECT 1',
    ]));

  it('may end with rows', async () =>
    deepEqual(await told('COPY t FROM stdin;\n1\n2', 3), [['COPY t FROM stdin', '1\n2']]));

  it('holds nothing else', async () => {
    await rejects(told('\\connect other\nselect 1;', 3), isFault('damaged'));
    await rejects(told('COPY t FROM stdin; select 1;\n\\.\n', 3), isFault('damaged'));
  });
});

async function told(text: string, length: number): Promise<readonly (string | readonly string[])[]> {
  const found: (string | readonly string[])[] = [];
  for await (const part of partsOf(inPieces(Buffer.from(text), length)))
    found.push(part.kind === 'copy' ? [part.sql, await joined(part.rows)] : part.sql);
  return found;
}

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function joined(rows: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of rows) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
