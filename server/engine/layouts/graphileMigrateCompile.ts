/**
 * What graphile-migrate puts in the place of `--!include path.sql` and of `:NAME`.
 *
 * Facts from graphile/migrate 2.0.0-rc.3: compileIncludes and slowGeneratePlaceholderReplacement in src/migration.ts.
 * It knows nothing of SQL: both are replaced in strings and bodies, too.
 */
import { posix } from 'node:path';
import { byPlace, type TextRange } from '../base/text';
import { lexemeAt } from '../sql/lexer';
import type { Replaced } from '../sql/statement';
import type { GraphileMigrateConfig } from './graphileMigrateConfig';
import { graphileMigrateProblems as problem } from './graphileMigrateProblems';
import type { FileProblem, FolderContents } from './layout';

export interface Compiled {
  /** In order. */
  readonly replaced: readonly Replaced[];
  readonly problems: readonly FileProblem[];
}

/** Only in the current migration; in a committed one the line is a comment. */
export interface Includes {
  /** As FolderContents.read. */
  readonly read: FolderContents['read'];
}

/**
 * Never throws.
 *
 * @param range what is compiled of the text
 * @param includes left out where the tool resolves none
 */
export function compiled(
  text: string,
  range: TextRange,
  { placeholders }: GraphileMigrateConfig,
  includes?: Includes,
): Compiled {
  const replacer = new Replacer(placeholders);
  const included = includes ? includesIn(text, range, includes.read) : [];
  const problems = included.flatMap(({ trouble }) => trouble ?? []);
  const replaced: Replaced[] = [];
  const told = new Set<string>();
  let at = range.start;
  const plain = (end: number): void => {
    const found = replacer.replacedIn(text, { start: at, end });
    replaced.push(...found.replaced);
    // Each name once: it is mended in one place.
    for (const it of found.problems) {
      if (!told.has(it.message)) problems.push(it);
      told.add(it.message);
    }
  };
  for (const { range: line, text: content } of included) {
    if (content === undefined) continue;
    plain(line.start);
    replaced.push({ range: line, text: replacer.inText(content) });
    at = line.end;
  }
  plain(range.end);
  return { replaced, problems };
}

const includeLine = /^--![ \t]*include[ \t]+([^ \t\n].*\.sql)[ \t]*$/gm;
/** Refused in a text that is still to be compiled. */
const includedMark = /--!\s*(?:End)?Included?/;

interface Included {
  readonly range: TextRange;
  /** Undefined where the tool gives up. */
  readonly text?: string;
  readonly trouble?: FileProblem;
}

function includesIn(text: string, { start, end }: TextRange, read: FolderContents['read']): Included[] {
  const mark = includedMark.exec(text.slice(start, end));
  const marks = mark
    ? [problem.includedMark({ start: start + mark.index, end: start + mark.index + mark[0].length })]
    : [];
  const found = [...text.slice(start, end).matchAll(includeLine)].map(({ index, 0: line, 1: path = '' }) => {
    const range = { start: start + index, end: start + index + line.length };
    const content = contentOf(path, read, []);
    return typeof content === 'string'
      ? { range, text: content }
      : { range, trouble: problem.include(range, content.why) };
  });
  const lost = [...text.slice(start, end).matchAll(/^--![ \t]*include\b.*$/gm)].flatMap(({ index, 0: line }) => {
    const range = { start: start + index, end: start + index + line.trimEnd().length };
    return found.some((it) => it.range.start === range.start) ? [] : [{ range, trouble: problem.noInclude(range) }];
  });
  return [...marks.map((trouble) => ({ range: trouble.range, trouble })), ...found, ...lost];
}

/** Files that include others ten times each are soon more than there is memory. */
const mostCharacters = 10_000_000;

interface Trouble {
  readonly why: string;
}

/** @param within the files that include it, outermost first */
function contentOf(path: string, read: FolderContents['read'], within: readonly string[]): string | Trouble {
  const file = posix.normalize(path.replaceAll('\\', '/'));
  if (file.startsWith('..') || posix.isAbsolute(file)) return { why: `${path} is not inside of fixtures/` };
  if (within.includes(file)) return { why: [...within, file].join(' includes ') };
  const content = read(`fixtures/${file}`);
  if (content === undefined) return { why: `there is no file fixtures/${file}` };
  if (includedMark.test(content)) return { why: `${path} has a comment "--! Included", which only the tool may write` };
  let trouble: Trouble | undefined;
  let length = content.length;
  const whole = content.replace(includeLine, (line, inner: string) => {
    if (trouble) return line;
    const below = contentOf(inner, read, [...within, file]);
    if (typeof below !== 'string') trouble = below;
    else if ((length += below.length) > mostCharacters) trouble = { why: `${path} includes more than 10 MB` };
    else return below;
    return line;
  });
  return trouble ?? `--! Included ${path}\n${whole.trim()}\n--! EndIncluded ${path}`;
}

class Replacer {
  private readonly pattern: RegExp;

  constructor(private readonly placeholders: GraphileMigrateConfig['placeholders']) {
    // What is configured by nobody is looked for as well, and is no place for the tool.
    this.pattern = new RegExp(`(?:${[...placeholders.keys()].join('|') || '(?!)'})\\b`, 'g');
  }

  inText(text: string): string {
    return text.replace(this.pattern, (name) => this.valueOf(name));
  }

  replacedIn(text: string, { start, end }: TextRange): Compiled {
    const places = [...text.slice(start, end).matchAll(this.pattern)].map(({ index, 0: name }) => ({
      name,
      range: { start: start + index, end: start + index + name.length },
    }));
    const unknown = this.unknownIn(text, { start, end });
    const unset = places.filter(({ name }) => this.placeholders.get(name) === undefined);
    return {
      replaced: [...places, ...unknown]
        .map(({ name, range }) => ({ range, text: this.valueOf(name) }))
        .toSorted(byPlace),
      problems: [
        ...unset.map(({ name, range }) => problem.unset(name, range)),
        ...unknown.map(({ name, range }) => problem.unknownPlaceholder(name, range)),
      ],
    };
  }

  /** Where there is no value the name stands in its place, so that the rest can be rehearsed. */
  private valueOf(name: string): string {
    return this.placeholders.get(name) ?? name.slice(1).toLowerCase();
  }

  /** What looks like a placeholder where SQL has room for none, outside of strings and comments. */
  private unknownIn(text: string, { start, end }: TextRange): { name: string; range: TextRange }[] {
    if (!/(?<![:\w])(?::)[A-Z][0-9A-Z_]+\b/.test(text.slice(start, end))) return [];
    const found: { name: string; range: TextRange }[] = [];
    let before = '';
    for (let at = start; at < end; ) {
      const { kind, end: next } = lexemeAt(text, at, end);
      const name = `:${text.slice(at, next)}`;
      // After a value it is a slice of an array: `a[1:LAST]`.
      const isPlace = /(?:^|[^\w:)\]]):$/.test(text.slice(Math.max(start, at - 2), at));
      if (kind === 'word' && isPlace && before.endsWith(':') && /^:[A-Z][0-9A-Z_]+$/.test(name))
        if (!this.placeholders.has(name)) found.push({ name, range: { start: at - 1, end: next } });
      before = text.slice(at, next);
      at = next;
    }
    return found;
  }
}
