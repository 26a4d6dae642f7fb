/** Plain numbered files: `007_add_email.sql`, perhaps with `007_add_email.down.sql`; the history is our own. */
import { directives } from './directives/numbered';
import { foreign } from './foreign';
import type { Layout, TransactionMode } from './layout';
import { nextNumber, slugOf } from './numbers';
import { loneDowns, namedIn } from './problems';

export const numbered: Layout = {
  name: 'numbered',
  label: 'plain numbered files',
  directives,
  psql: 'perhaps',
  twice: 'Only one of them can be recorded.',
  onTwice: 'refusesVersion',

  recognise(folder) {
    const scripts = folder.names.filter((name) => name.endsWith('.sql'));
    const ours = scripts.filter((name) => numbered.readName(name));
    const [first] = ours;
    if (first === undefined || ours.length * 3 < scripts.length * 2) return undefined;
    if (folder.names.includes('atlas.sum') || foreign(folder, ours) !== undefined) return undefined;
    const [parent = '', own = ''] = folder.path.split(/[\\/]/).slice(-2);
    if (/migrat/i.test(own)) return `it is called a folder of migrations, and ${first} begins with a number`;
    const row = ours.filter((name) => /^\d{3}/.test(name));
    if (row.length < 3 || otherPurpose.test(own) || otherPurpose.test(parent)) return undefined;
    return `${first} and others begin with a number of three digits or more`;
  },

  collect(folder) {
    const files = namedIn(numbered, folder);
    return { files, problems: loneDowns(files, 'It can never be applied.') };
  },

  readName(fileName) {
    const [, digits, title = '', direction] = /^(\d+)(?:[_-](.+?))?(?:\.(up|down))?\.sql$/.exec(fileName) ?? [];
    if (digits === undefined) return undefined;
    const version = String(BigInt(digits));
    return {
      version,
      digits,
      order: version.padStart(40, '0'),
      title,
      direction: direction === 'down' ? 'down' : 'up',
    };
  },

  read(fileName, text) {
    const direction = numbered.readName(fileName)?.direction === 'down' ? 'down' : 'up';
    return { scripts: [{ direction, range: { start: 0, end: text.length }, mode: modeOf(text) }], problems: [] };
  },

  skeleton(title, existing, now) {
    const name = `${nextNumber(existing, now, '001')}_${slugOf(title)}`;
    const withDown = existing.some(({ direction }) => direction === 'down');
    return {
      files: [`${name}.sql`, ...(withDown ? [`${name}.down.sql`] : [])].map((name) => ({ name, text: '' })),
      cursor: 0,
    };
  },
};

/** Numbered SQL that is there for something else: scripts of a container image, sample data, expected results. */
const otherPurpose =
  /^(?:docker-entrypoint-initdb\.d|init(?:db)?|seeds?|fixtures?|tests?|__tests__|quer(?:y|ies)|benchmarks?)$/i;

/**
 * One transaction, unless the first comment line asks for none, or the script begins one by itself: then it is run as
 * psql runs it.
 */
function modeOf(text: string): TransactionMode {
  const [, comment, word] = opening.exec(text) ?? [];
  if (comment !== undefined && /^--\s*rehearsal:\s*no-transaction\s*$/.test(comment)) return 'statements';
  return word === undefined ? 'transaction' : 'statements';
}

/** The first comment line, and the word that begins a transaction, when comments alone stand before it. */
const opening = /^\s*(--[^\r\n]*)?(?:\s|--[^\r\n]*)*(?:\b(begin|start\s+transaction)\b)?/i;
