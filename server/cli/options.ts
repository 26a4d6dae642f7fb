/** Every option of the command line, in the order that --help lists them. A command names those that it takes. */
export const options = {
  all: { type: 'boolean', says: 'every migration, from an empty database on' },
  observe: { type: 'boolean', says: 'tell what each statement locks, reads, writes and changes, in JSON' },
  'require-idempotent': { type: 'boolean', says: 'demand that migrations change nothing when they are run again' },
  suggest: { type: 'boolean', says: 'find a way back where no down script leads back' },
  write: {
    type: 'boolean',
    says: 'write the file (verify: the way back that was found); without it nothing is written',
  },
  'allow-losses': { type: 'boolean', says: 'let down scripts pass that lose rows' },
  'allow-missing': { type: 'boolean', says: 'let migrations pass that have no down script' },
  only: { type: 'string', value: 'VERSION', says: 'this pending migration and no other' },
  'up-to': { type: 'string', value: 'VERSION', says: 'pending migrations up to and including this one' },
  count: { type: 'string', value: 'N', says: 'how many migrations to revert (default 1)' },
  from: { type: 'string', value: 'SOURCE', says: 'where the copy comes from: auto, copy, dump, or a snapshot' },
  'keep-copy': { type: 'boolean', says: 'keep the copy, and say how to open it with psql' },
  swap: { type: 'boolean', says: 'let the copy become the database, with writes locked out until then' },
  was: { type: 'string', value: 'BRANCH', says: 'the branch that the database belongs to, where it does not say so' },
  file: { type: 'boolean', says: 'take the snapshot as a dump file, disturbing nobody' },
  gzip: { type: 'boolean', says: 'pack dump files of snapshots' },
  'keep-count': {
    type: 'string',
    value: 'N',
    says: 'keep no more than N snapshots that are not pinned (default: all)',
  },
  'keep-days': {
    type: 'string',
    value: 'DAYS',
    says: 'keep snapshots that are not pinned for so many days (default: for ever)',
  },
  'keep-mb': {
    type: 'string',
    value: 'MB',
    says: 'keep snapshots that are not pinned up to this size in all (default: no limit)',
  },
  tables: { type: 'string', value: 'A,B', says: 'give these tables their rows of the snapshot, and leave all else' },
  'carry-over': {
    type: 'string',
    value: 'A,B|all',
    says: 'keep the rows of now of these tables, or of all where that can be done',
  },
  'dry-run': { type: 'boolean', says: 'say what would happen, and change nothing' },
  full: { type: 'boolean', says: 'the whole schema, not only what changes' },
  ignore: { type: 'boolean', says: 'leave what has drifted as it is, until it changes again' },
  reason: { type: 'string', value: 'TEXT', says: 'why it is ignored, for who reads the file later' },
  'write-migration': { type: 'string', value: 'TITLE', says: 'make a new migration of the drift' },
  record: { type: 'boolean', says: 'record that migration as applied to the database, which has it all' },
  undo: { type: 'boolean', says: 'take the drift back on the database' },
  'no-rehearsal': { type: 'boolean', says: 'do not rehearse first; apply although the rehearsal finds errors' },
  'no-snapshot': { type: 'boolean', says: 'take no snapshot first' },
  disconnect: {
    type: 'boolean',
    says: 'end other sessions on the database where a copy, snapshot or restore needs that',
  },
  confirm: {
    type: 'string',
    value: 'NAME',
    says: 'name of the database; needed when it is in production, or not on this machine',
  },
  yes: { type: 'boolean', short: 'y', says: 'do not ask' },
  dir: {
    type: 'string',
    short: 'd',
    multiple: true,
    value: 'FOLDER',
    says: 'folder of migrations, or one above it (default: .)',
  },
  layout: {
    type: 'string',
    value: 'NAME',
    says: 'the tool by its name (flyway, prisma…), or numbered',
  },
  database: {
    type: 'string',
    value: 'URL',
    says: 'the database, as a URL or key=value (default: DATABASE_URL, else embedded)',
  },
  environment: {
    type: 'string',
    value: 'NAME',
    says: 'the database of this environment (see rehearsal environments)',
  },
  out: { type: 'string', value: 'FOLDER', says: 'where to write the bundle; not there yet, or empty' },
  rehearse: { type: 'boolean', says: 'rehearse what is pending in each environment, with its schema' },
  compare: { type: 'boolean', says: 'compare the schemas of environments with the same migrations' },
  embedded: { type: 'boolean', says: 'the embedded Postgres, needing no server' },
  shadow: {
    type: 'string',
    value: 'PLACE',
    says: 'where to rehearse: auto, private, same-server, embedded, or a URL',
  },
  'data-limit': {
    type: 'string',
    value: 'MB',
    says: 'rehearse with the rows as well where there are fewer; 0 never does (default 100)',
  },
  'postgres-binaries': {
    type: 'string',
    multiple: true,
    value: 'FOLDER',
    says: 'where postgres and initdb are (default: looked for)',
  },
  'statement-timeout': { type: 'string', value: 'MS', says: 'longest time of one statement (default 30000)' },
  format: { type: 'string', value: 'pretty|json', says: 'for people, or one JSON value on standard output' },
  verbose: { type: 'boolean', says: 'say on standard error what is being done' },
  help: { type: 'boolean', short: 'h', says: 'this text' },
  version: { type: 'boolean', says: 'version of Rehearsal' },
} as const satisfies Record<string, OptionDescription>;

interface OptionDescription {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands after the option in the help; for strings only. */
  readonly value?: string;
  readonly says: string;
}

export type OptionName = keyof typeof options;

/** Taken by every command that looks at a folder and its database. */
export const commonOptions: readonly OptionName[] = [
  'dir',
  'layout',
  'database',
  'environment',
  'embedded',
  'format',
  'verbose',
  'help',
  'version',
];

/** Taken by the commands that rehearse. */
export const rehearsalOptions: readonly OptionName[] = [
  'shadow',
  'data-limit',
  'postgres-binaries',
  'statement-timeout',
];

/** Taken by the commands that leave a snapshot behind. */
export const retentionOptions: readonly OptionName[] = ['keep-count', 'keep-days', 'keep-mb'];

/** Taken by the commands that take snapshots. */
export const snapshotOptions: readonly OptionName[] = ['gzip', ...retentionOptions];

/** Taken by the commands that change a database. */
export const consentOptions: readonly OptionName[] = ['disconnect', 'confirm', 'yes'];
