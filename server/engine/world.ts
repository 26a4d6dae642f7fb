/** What the engine needs from outside; tests hand in their own. */
export interface World {
  /** What is rehearsed and shown: open documents may lie over the disk. */
  readonly files: Files;
  /** What the tools of the user see: only this is ever run on a target. */
  readonly disk: Files;
  /** Absolute path of our own folder: registry, journal, embedded databases. Made when missing. */
  readonly storage: string;
  /** Absolute path of the folder with the bundled workers and WebAssembly files (`dist`). */
  readonly assets: string;
  /** `PGHOST`, `DATABASE_URL`, `HOME`…; empty in an untrusted workspace. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly log: (line: string) => void;
  /** What people should hear although they did not ask for it. */
  readonly tell: (news: News) => void;
}

export type News =
  /** Work on a database that a crash had cut off, and what became of it, in whole sentences. */
  | { readonly kind: 'recovered'; readonly message: string }
  /** Snapshots that were not to be kept any longer have been thrown away, in whole sentences. */
  | { readonly kind: 'dropped'; readonly message: string }
  /** A target that has been silent for some seconds and is waited for; by its label. */
  | { readonly kind: 'waiting'; readonly target: string };

/** The texts of the workspace. */
export interface Files {
  /**
   * @returns the text without its byte order mark, undefined when there is no such file
   * @throws {Fault} `not-readable` when it is no UTF-8 text or may not be read
   */
  read(path: string): string | undefined;
  /** Whether the file on the disk, as it was read last, begins with a byte order mark; false where it cannot be read. */
  isMarked(path: string): boolean;
  /** Names in a folder, sorted; folders end with `/`. Empty when there is no such folder. */
  list(folder: string): readonly string[];
  /** Writes a file that is not there yet. @throws {Fault} `not-writable`, `disk-full` */
  write(path: string, text: string): void;
  /** Puts this text in the place of that of a file, or makes it. @throws {Fault} `not-writable`, `disk-full` */
  replace(path: string, text: string): void;
}
