/** What graphile-migrate refuses in a file, or takes otherwise than it looks. */
import { insertion, type TextRange } from '../base/text';
import type { FileProblem, Fix } from './layout';

type What = Pick<FileProblem, 'code' | 'range'>;

const refused = (what: What, why: string, fixes: readonly Fix[] = []): FileProblem => ({
  ...what,
  severity: 'error',
  message: `graphile-migrate refuses this file: ${why}`,
  ...(fixes.length > 0 ? { fixes } : {}),
});

const warning = (what: What, message: string): FileProblem => ({ ...what, severity: 'warning', message });

export const graphileMigrateProblems = {
  carriageReturns: (range: TextRange, text: string) =>
    refused(
      { code: 'graphile-migrate-line-ends', range },
      'its lines end with CR LF, and the hash is that of LF. Put "*.sql -text" for committed/ into .gitattributes.',
      [
        {
          title: 'End all lines with LF',
          edits: [{ range: { start: 0, end: text.length }, text: text.replaceAll('\r\n', '\n') }],
        },
      ],
    ),
  noEmptyLine: (range: TextRange, at: number) =>
    refused({ code: 'graphile-migrate-no-empty-line', range }, 'an empty line has to stand behind the head.', [
      { title: 'Put an empty line behind the head', edits: [insertion(at, '\n')] },
    ]),
  missingHeader: (range: TextRange, name: 'Previous' | 'Hash') =>
    refused(
      { code: 'graphile-migrate-missing-header', range },
      `its head has no line "--! ${name}: …". graphile-migrate commit writes it.`,
    ),
  twice: (range: TextRange, name: string) =>
    refused({ code: 'graphile-migrate-header-twice', range }, `"--! ${name}" stands twice.`),
  wrongHash: (range: TextRange, computed: string) =>
    refused(
      { code: 'graphile-migrate-wrong-hash', range },
      `the text has been edited since it was committed; its hash is ${computed} now. Write what is missing into the current migration.`,
      [
        {
          title: 'Allow another hash by "--! AllowInvalidHash"',
          edits: [{ range: { start: range.end, end: range.end }, text: '\n--! AllowInvalidHash' }],
        },
        { title: 'Write the hash that it has now', edits: [{ range, text: `--! Hash: ${computed}` }] },
      ],
    ),
  needlessAllowance: (range: TextRange) =>
    refused({ code: 'graphile-migrate-needless-allowance', range }, 'it allows another hash, and the hash is right.', [
      {
        title: 'Take "--! AllowInvalidHash" away',
        edits: [{ range: { start: range.start, end: range.end + 1 }, text: '' }],
      },
    ]),
  lateNoTransaction: (range: TextRange, way: string) =>
    warning(
      { code: 'graphile-migrate-late-no-transaction', range },
      `graphile-migrate passes over this line, and runs the migration in a transaction: it counts only as the first line ${way}.`,
    ),
  noTransactionInFolder: (range: TextRange) =>
    refused(
      { code: 'graphile-migrate-no-transaction-in-folder', range },
      '"--! no-transaction" is for current.sql, not for files in current/.',
    ),
  include: (range: TextRange, why: string) => refused({ code: 'graphile-migrate-include', range }, `${why}.`),
  includedMark: (range: TextRange) =>
    refused(
      { code: 'graphile-migrate-included-mark', range },
      'only the tool itself writes this comment. Use "--!include path.sql".',
    ),
  noInclude: (range: TextRange) =>
    warning(
      { code: 'graphile-migrate-no-include', range },
      'graphile-migrate passes over this line: it needs the path of a file that ends with .sql.',
    ),
  unset: (name: string, range: TextRange) =>
    refused(
      { code: 'graphile-migrate-unset-placeholder', range },
      `${name} is to come from the environment, and ${name.slice(1)} is not set. Set it where you run the tool, or in .env.`,
    ),
  unknownPlaceholder: (name: string, range: TextRange) =>
    refused(
      { code: 'graphile-migrate-unknown-placeholder', range },
      `${name} is no placeholder of .gmrc, and Postgres cannot read it.`,
    ),
} as const;
