/** dbmate: `20240101120000_add_email.sql` with a `-- migrate:up` and a `-- migrate:down` block. */
import { hasUpMarker, readBlocks } from './dbmateMarkers';
import { directives } from './directives/dbmate';
import { otherDialect, someOf } from './foreign';
import type { Layout } from './layout';
import { nextNumber, slugOf, timestamp } from './numbers';

export const dbmate: Layout = {
  name: 'dbmate',
  label: 'dbmate',
  directives,
  sign: { of: 'text', isIn: hasUpMarker, says: 'has a line "-- migrate:up" of dbmate' },
  onByteOrderMark: 'dbmate takes it for text before "-- migrate:up", and refuses the file.',
  twice: 'dbmate takes both for applied once one is, and refuses to record the version a second time.',
  onTwice: 'refusesVersion',

  recognise(folder) {
    const names = folder.names.filter((name) => dbmate.readName(name));
    const marked = someOf(names).find((name) => hasUpMarker(folder.read(name) ?? ''));
    if (marked === undefined || otherDialect(folder, names) !== undefined) return undefined;
    return `${marked} has a line "-- migrate:up"`;
  },

  readName(fileName) {
    const [, digits] = /^(\d+).*\.sql$/.exec(fileName) ?? [];
    if (digits === undefined) return undefined;
    const title = fileName.slice(digits.length, -'.sql'.length).replace(/^[_-]+/, '');
    // dbmate sorts whole file names, and records the digits as text.
    return { version: digits, digits, order: fileName, title, direction: 'both' };
  },

  read(_fileName, text) {
    const { blocks, problems } = readBlocks(text);
    return {
      scripts: blocks.map(({ direction, range, transaction }) => ({
        direction,
        range,
        // Without a transaction dbmate still sends the whole block in one message.
        mode: transaction ? 'transaction' : 'implicit',
      })),
      problems,
    };
  },

  skeleton(title, existing, now) {
    const up = '-- migrate:up\n';
    const number = nextNumber(existing, now, timestamp(now));
    return {
      files: [{ name: `${number}_${slugOf(title)}.sql`, text: `${up}\n\n-- migrate:down\n\n` }],
      cursor: up.length,
    };
  },
};
