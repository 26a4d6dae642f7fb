/**
 * What a migration tool is told by comments and placeholders in its files. One tool, one file in this room.
 *
 * From these values everything is made that speaks of directives: completion, hover, and the findings about those that
 * are misspelt, misplaced or contradict each other.
 */
/** One that stands in a file of SQL. */
export interface Directive {
  /** Names it among those of its tool: `no-transaction`. */
  readonly name: string;
  /** As the tool's own documentation writes it, with an example where something is to be filled in. */
  readonly text: string;
  /** What completion inserts, in the syntax of LSP's snippets; left out where that is the text. */
  readonly snippet?: string;
  readonly place: Place;
  /**
   * Finds what the tool takes for it in one line: from its first character to the last one that belongs to it. Where it
   * must stand in the file is said by `place` alone.
   */
  readonly pattern: RegExp;
  readonly likeness?: Likeness;
  /** What it does, in Markdown. */
  readonly says: string;
  /** Whether a second one, in the file or, for an option, on its line, is against the first when it says something else. */
  readonly single?: true;
  /** Whether it makes sense here, as far as its place alone does not tell; asked by completion only. */
  readonly fits?: (around: Around) => boolean;
  /**
   * What is lost where another tool takes it for a comment; left out where nothing is, or where people write the same
   * words for themselves. Directives of two tools that ask for the same can stand in for each other.
   */
  readonly asks?: 'no-transaction' | 'up' | 'down' | 'other';
}

/** How what resembles a directive is told from what only sounds like it. Left out where people use its words as well. */
export interface Likeness {
  /**
   * Its own words first, then others that people take for it: `no transaction`. Only letters and digits count; of its
   * own some may be mistyped.
   */
  readonly words: readonly [string, ...string[]];
  /** How it begins when it is written right, up to what follows the words. */
  readonly head: string;
  /** What may follow the words; nothing where it is left out. */
  readonly rest?: RegExp;
  /** What such a line begins with, however its words are spelt. */
  readonly begins?: RegExp;
}

/**
 * - `first`: its line is the first one, below nothing but lines that match `below`; `where` says so for people
 * - `header`: in the comment lines at the top, with an empty line behind them
 * - `line`: any line of its own
 * - `behind`: as `line`, and behind SQL on its line as well
 * - `option`: on the line of one of these directives, of which `behind` finds the part before all options
 * - `within`: anywhere in the SQL, as a placeholder
 */
export type Place =
  | { readonly kind: 'first'; readonly below: RegExp | undefined; readonly where: string }
  | { readonly kind: 'header' }
  | { readonly kind: 'line' }
  | { readonly kind: 'behind' }
  | { readonly kind: 'option'; readonly of: readonly string[]; readonly behind: RegExp }
  | { readonly kind: 'within' };

/** Names of the tool's directives in the lines before and after, in their order; without options and placeholders. */
export interface Around {
  readonly above: readonly string[];
  readonly below: readonly string[];
}

export interface ToolDirectives {
  /** Where the tool itself tells about them. */
  readonly page: string;
  /** Empty for one that reads nothing but SQL. */
  readonly all: readonly Directive[];
  /** How the tool is asked for a file without a transaction where no line of SQL can; a whole sentence. */
  readonly withoutTransaction?: string;
}
