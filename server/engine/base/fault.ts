/**
 * Trouble that the world made and the user can mend: no server, no right, a full disk, a history that moved.
 *
 * Bad SQL is not a fault but an outcome (see rehearsal). A broken promise of ours is a plain Error.
 */
export class Fault extends Error {
  override readonly name = 'Fault';

  /** @param detail what exactly happened, without passwords; it follows the general sentence of the code */
  constructor(
    readonly code: FaultCode,
    readonly detail: string,
    cause?: unknown,
  ) {
    super(`${remedies[code].says}: ${detail} ${remedies[code].mend}`, { cause });
  }

  /** The VS Code command that mends it, when there is one. */
  get remedy(): string | undefined {
    return remedies[this.code].offers;
  }
}

/** @returns the fault that there is no answer for */
export async function orFault<T>(work: Promise<T>): Promise<T | Fault> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

export type FaultCode = keyof typeof remedies;

/** Trouble that may pass by itself, when somebody starts the server or ends a transaction. */
export const passingFaults: ReadonlySet<string> = new Set<FaultCode>([
  'no-server',
  'wrong-server',
  'connection-lost',
  'shadow-lost',
  'busy',
  'no-connection-left',
  'closed',
]);

const chooseDatabase = 'rehearsal.chooseDatabase';

/** What each fault says, what to do about it in words, and the command that mends it when there is one. */
const remedies = {
  'no-server': {
    says: 'Postgres does not answer',
    mend: 'Start the server or choose another database.',
    offers: chooseDatabase,
  },
  'wrong-server': {
    says: 'Postgres answers, but is not the server that is asked for',
    mend: 'Check target_session_attrs or choose another database.',
    offers: chooseDatabase,
  },
  'wrong-password': {
    says: 'Postgres refused the login',
    mend: 'Check the user and the password, then choose the database again.',
    offers: chooseDatabase,
  },
  'no-database': {
    says: 'There is no such database',
    mend: 'Create it or choose another database.',
    offers: chooseDatabase,
  },
  'bad-connection-settings': {
    says: 'These connection settings cannot be used',
    mend: 'Correct them and try again.',
    offers: chooseDatabase,
  },
  'no-tls': {
    says: 'No secure connection could be made',
    mend: 'Check sslmode and the certificates.',
    offers: chooseDatabase,
  },
  'no-right': {
    says: 'The database role lacks a right',
    mend: 'Ask for the right or choose another role.',
    offers: chooseDatabase,
  },
  'no-connection-left': {
    says: 'The server gives us no further connection',
    mend: "Raise the CONNECTION LIMIT of the role or the database, or end other sessions. A trial, or a shadow on the target's own server, takes up to four at once; most of the rest needs one.",
    offers: undefined,
  },
  'only-reads': {
    says: 'The server lets this session only read',
    mend: 'Connect to the primary, or have default_transaction_read_only reset for the role and the database.',
    offers: chooseDatabase,
  },
  'connection-lost': {
    says: 'The connection to Postgres was lost',
    mend: 'Try again when the server is back.',
    offers: undefined,
  },
  'shadow-lost': {
    says: 'The shadow database went away',
    mend: 'It is built anew with the next check.',
    offers: 'rehearsal.rehearse',
  },
  'no-shadow': {
    says: 'There is no place for a shadow database',
    mend: 'Set rehearsal.shadow to another place.',
    offers: undefined,
  },
  'disk-full': { says: 'The disk is full', mend: 'Free some space and try again.', offers: undefined },
  'not-edited': {
    says: 'There is nothing to put back',
    mend: 'Refresh when the target was changed elsewhere.',
    offers: undefined,
  },
  'no-git': {
    says: 'git cannot be run',
    mend: 'Install git, or put the file back by hand.',
    offers: undefined,
  },
  'applied-text-unknown': {
    says: 'What was applied is not known any more',
    mend: 'Ask who applied it for the file, or write a new migration.',
    offers: undefined,
  },
  'no-drift': {
    says: 'The schema is what its migrations make',
    mend: 'Look at the drift once more.',
    offers: undefined,
  },
  'no-such-drift': {
    says: 'There is no such drift',
    mend: 'Name objects as rehearsal drift lists them.',
    offers: undefined,
  },
  'drift-uncertain': {
    says: 'What the migrations make is not known for certain',
    mend: 'Name the objects that are meant, or mend that first.',
    offers: undefined,
  },
  'no-script': {
    says: 'No statements are known that lead there exactly',
    mend: 'Write them by hand, or name fewer objects.',
    offers: undefined,
  },
  'not-writable': {
    says: 'A file or folder cannot be written',
    mend: 'Check its path and its permissions.',
    offers: undefined,
  },
  'not-readable': {
    says: 'A file cannot be read',
    mend: 'Check that it is there, is UTF-8 text and may be read.',
    offers: undefined,
  },
  damaged: { says: 'A snapshot is damaged', mend: 'Restore another one.', offers: undefined },
  'not-empty': {
    says: 'The folder is not empty',
    mend: 'Name a new one.',
    offers: undefined,
  },
  'no-folder': {
    says: 'The folder that this was called in is not there any more',
    mend: 'Change to a folder that is there and try again.',
    offers: undefined,
  },
  'no-migrations': {
    says: 'No migrations were found',
    mend: 'Name their folder with --dir or in rehearsal.folders.',
    offers: 'rehearsal.newMigration',
  },
  'no-such-migration': {
    says: 'There is no such migration',
    mend: 'Look at the list of migrations.',
    offers: undefined,
  },
  'not-pending': {
    says: 'This migration is not pending',
    mend: 'Look at the list of migrations.',
    offers: undefined,
  },
  ambiguous: { says: 'That can mean several', mend: 'Name one of them.', offers: undefined },
  'bad-migration': {
    says: 'The migration cannot be run by its tool',
    mend: 'Correct the file and try again.',
    offers: undefined,
  },
  'by-hand': { says: 'It cannot be written for you', mend: 'Write it by hand.', offers: undefined },
  'by-tool': {
    says: 'Only the migration tool itself can do this',
    mend: 'Use its own command.',
    offers: undefined,
  },
  'version-twice': {
    says: 'Two migrations have one version',
    mend: 'Give one of them another version and try again.',
    offers: undefined,
  },
  'already-applied': {
    says: 'This migration has been applied',
    mend: 'Put the change into a new migration.',
    offers: 'rehearsal.newMigration',
  },
  unsaved: {
    says: 'The editor has changes that are not in the file',
    mend: 'Save it and try again.',
    offers: undefined,
  },
  'other-database': {
    says: 'The tool would work on another database',
    mend: 'Choose the one that it is configured for, or change its settings.',
    offers: chooseDatabase,
  },
  'tool-failed': {
    says: 'The migration tool could not be run to its end',
    mend: 'The log has what it printed.',
    offers: 'rehearsal.showLog',
  },
  'tool-asked': {
    says: 'The migration tool is still being asked',
    mend: 'It goes on by itself when the answer has come.',
    offers: undefined,
  },
  'no-down': {
    says: 'The migration cannot be reverted',
    mend: 'Write its down script, or restore a snapshot instead.',
    offers: 'rehearsal.revertToSnapshot',
  },
  'only-up': {
    says: 'The migration cannot be reverted',
    mend: 'Restore a snapshot instead, or write a migration that undoes it.',
    offers: 'rehearsal.revertToSnapshot',
  },
  'history-moved': {
    says: 'The history of the database does not fit the files',
    mend: 'Compare the list of migrations with the database.',
    offers: undefined,
  },
  blocked: {
    says: 'The migration tool would refuse to go on',
    mend: 'Mend it and try again; rehearsal repair lists what the tool itself would write.',
    offers: 'rehearsal.repairHistory',
  },
  'out-of-order': {
    says: 'The migrations would run out of order',
    mend: 'Apply the earlier ones as well, or give them later numbers.',
    offers: undefined,
  },
  locked: {
    says: 'Somebody else is at work on this database',
    mend: 'Wait until it is done and try again.',
    offers: undefined,
  },
  busy: {
    says: 'The database is in use by others',
    mend: 'Try again when they are gone.',
    offers: undefined,
  },
  closed: {
    says: 'The database is closed to connections',
    mend: 'Try again when it is open.',
    offers: undefined,
  },
  'remote-target': { says: 'The target is not on this machine', mend: 'Nothing was changed.', offers: undefined },
  'production-target': { says: 'The target is in production', mend: 'Nothing was changed.', offers: undefined },
  'bad-environments': {
    says: 'The environments cannot be read',
    mend: 'Correct their list and try again.',
    offers: undefined,
  },
  'no-such-environment': {
    says: 'There is no such environment',
    mend: 'See rehearsal environments.',
    offers: undefined,
  },
  'read-only-target': {
    says: 'The target is only ever read',
    mend: 'Prepare a script bundle for those who may change it.',
    offers: undefined,
  },
  'not-rehearsed': {
    says: 'Nothing is applied to production that was not rehearsed for it just before',
    mend: 'Rehearse it there, and try again.',
    offers: undefined,
  },
  'no-bundle': {
    says: 'No script bundle can be made of these migrations',
    mend: 'Have them applied by their tool.',
    offers: undefined,
  },
  'no-such-snapshot': { says: 'There is no such snapshot', mend: 'Look at the list of snapshots.', offers: undefined },
  'bad-mark': {
    says: 'The snapshot cannot be marked so',
    mend: 'It was left as it is.',
    offers: undefined,
  },
  'no-such-table': {
    says: 'There is no such table in both databases',
    mend: 'Look at the list of its tables.',
    offers: undefined,
  },
  'rows-refused': {
    says: 'These rows cannot be put in',
    mend: 'Nothing was changed. Choose other tables, or with them those that they refer to. Where a column or a constraint is newer than these rows, restore the whole snapshot, or give the column a default first.',
    offers: undefined,
  },
  'no-trial': {
    says: 'These migrations cannot be tried out on a copy',
    mend: 'Rehearse them, and apply them after a snapshot.',
    offers: undefined,
  },
  'no-such-trial': {
    says: 'There is no such copy of a trial',
    mend: 'Look at the list of copies.',
    offers: undefined,
  },
  'no-branch-database': {
    says: 'There cannot be a database for each branch here',
    mend: 'Use a database for development, on a server, with its migrations in a repository of git.',
    offers: undefined,
  },
  'no-such-branch': {
    says: 'There is no such branch',
    mend: 'Check out a branch, or name one of the list.',
    offers: undefined,
  },
  'branch-unclear': {
    says: 'The database does not say which branch it belongs to',
    mend: 'Nothing was changed.',
    offers: undefined,
  },
  'no-terminal': {
    says: 'There is no terminal to ask on',
    mend: 'Add --yes to go on without a question.',
    offers: undefined,
  },
  'bad-usage': { says: 'The command cannot be understood', mend: 'See --help of the command.', offers: undefined },
  'rows-unknown': {
    says: 'These rows cannot be shown any more',
    mend: 'Rehearse the file again.',
    offers: 'rehearsal.rehearse',
  },
  refused: { says: 'Postgres refused a query of ours', mend: 'Mend what it names, and try again.', offers: undefined },
} as const satisfies Record<string, { says: string; mend: string; offers: string | undefined }>;
