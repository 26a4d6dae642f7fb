/**
 * Directives that a tool passes over without a word: misspelt, at the wrong place, written for another tool; and those
 * that are against each other.
 */
import type { Edit, MarkedText, TextRange } from '../../base/text';
import { layouts } from '../all';
import type { FileProblem, Fix, Layout } from '../layout';
import { commentStarts, dashedPart } from './comments';
import type { Directive } from './directive';
import { demand, mayStandOn, putting, taking } from './placing';
import { linesIn, type Occurrence, occurrencesIn, occurrencesOn, type TextLine } from './reading';
import { meantBy } from './resemblance';

/**
 * @param problems what the layout itself says of the file; where both speak of the same place it has the word, and gets
 *   the fixes
 */
export function withDirectiveProblems(
  layout: Layout,
  text: MarkedText,
  problems: readonly FileProblem[],
): readonly FileProblem[] {
  const found = directiveProblems(layout, text);
  if (found.length === 0) return problems;
  const told = problems.map((problem) => {
    const fixes = found.filter(({ range }) => overlap(range, problem.range)).flatMap((it) => it.fixes ?? []);
    const others = (problem.fixes ?? []).filter(({ title }) => !fixes.some((it) => it.title === title));
    return fixes.length === 0 ? problem : { ...problem, fixes: [...fixes, ...others] };
  });
  // That a line is another tool's, no layout says.
  const isNews = ({ code, range }: FileProblem): boolean =>
    code === 'directive-foreign' || !problems.some((it) => overlap(range, it.range));
  return [...told, ...found.filter(isNews)];
}

const overlap = (one: TextRange, other: TextRange): boolean => one.start < other.end && other.start < one.end;

export function directiveProblems(layout: Layout, { text, isMarked }: MarkedText): readonly FileProblem[] {
  const lines = linesIn(text);
  const occurrences = occurrencesIn(lines, layout.directives.all);
  const problems = new Problems(layout, lines);
  for (const it of occurrences) {
    if (it.directive.place.kind === 'option') continue;
    if (!mayStandOn(it.directive, lines, it.line.index)) problems.misplaced(it);
    else if (isMarked && it.line.index === 0 && isVeryFirst(it.directive)) problems.marked(it);
  }
  for (const [first, second] of contradictions(occurrences)) problems.contradictory(first, second);
  const isKnown = new Set(occurrences.map(({ line }) => line.index));
  const suspects = new Problems(layout, lines);
  for (const line of lines) {
    const range = dashedPart(line);
    problems.placeholders(line);
    if (isKnown.has(line.index)) problems.options(line);
    else if (range) suspects.comment(line, range);
  }
  return [...problems.found, ...amongComments(text, suspects.found)];
}

/** What stands in bodies and strings is somebody else's. */
function amongComments(text: string, suspects: readonly FileProblem[]): readonly FileProblem[] {
  const last = suspects.at(-1);
  if (!last) return suspects;
  const starts = commentStarts(text, last.range.start);
  return suspects.filter(({ range }) => starts.has(range.start));
}

const isVeryFirst = ({ place }: Directive): boolean => place.kind === 'first' && place.below === undefined;

/** Each second one that says something else than the first. */
function contradictions(occurrences: readonly Occurrence[]): [Occurrence, Occurrence][] {
  return occurrences.flatMap((second, i) => {
    const { directive, line } = second;
    if (!directive.single) return [];
    const isRival = (it: Occurrence): boolean =>
      it.directive === directive && (directive.place.kind !== 'option' || it.line.index === line.index);
    const first = occurrences.slice(0, i).find(isRival);
    return first && wordsOf(first) !== wordsOf(second) ? [[first, second]] : [];
  });
}

const isOption = ({ directive: { place } }: Occurrence): boolean => place.kind === 'option';

const wordsOf = ({ line, range }: Occurrence): string =>
  line.text.slice(range.start - line.start, range.end - line.start);

/** Of all tools, what is lost where another one takes it for a comment. */
const lost = layouts.flatMap((owner) =>
  owner.directives.all
    .filter(({ asks, place }) => asks !== undefined && place.kind !== 'option')
    .map((directive) => ({ owner, directive })),
);

/** Gathers them for one file; a class because each is told in the terms of the same tool and text. */
class Problems {
  readonly found: FileProblem[] = [];
  private readonly alone: readonly Directive[];
  private readonly behind: readonly Directive[];
  private readonly within: readonly Directive[];

  constructor(
    private readonly layout: Layout,
    private readonly lines: readonly TextLine[],
  ) {
    const { all } = layout.directives;
    this.alone = all.filter(mayStandAlone);
    this.behind = all.filter(({ place }) => place.kind === 'behind');
    this.within = all.filter(({ place, likeness }) => place.kind === 'within' && likeness);
  }

  misplaced(occurrence: Occurrence): void {
    const { directive, range, line } = occurrence;
    const written = wordsOf(occurrence);
    const message = `For ${this.layout.label} this line is a comment: "${directive.text}" must ${demand(directive)}.`;
    this.tell({ code: 'directive-misplaced', range, message }, this.put(directive, written, line));
  }

  /** The mark cannot be seen in an editor, and no edit of the text takes it away. */
  marked({ directive, range }: Occurrence): void {
    const message = `For ${this.layout.label} this line is a comment: "${directive.text}" must ${demand(directive)}, and a byte order mark stands before it. Save the file as UTF-8 without one.`;
    this.tell({ code: 'directive-misplaced', range, message }, []);
  }

  contradictory(first: Occurrence, second: Occurrence): void {
    const { directive, range, line } = second;
    const message = `This is against "${wordsOf(first)}" before it.`;
    const takeAway = (it: Occurrence): Fix => ({
      title: `Take "${wordsOf(it)}" away`,
      edits: [directive.place.kind === 'option' ? takingOption(it) : taking(it.line)],
    });
    const fixes = first.line.index === line.index && directive.place.kind !== 'option' ? [] : [first, second];
    this.tell({ code: 'directive-contradictory', range, message }, fixes.toReversed().map(takeAway));
  }

  /** Of a line that the tool takes for a comment, or for SQL with a comment behind it. */
  comment(line: TextLine, range: TextRange): void {
    const isAlone = line.text.slice(0, range.start - line.start).trim() === '';
    const text = line.text.slice(range.start - line.start, range.end - line.start);
    const meant = meantBy(text, isAlone ? this.alone : this.behind);
    if (meant) this.misspelt(meant.directive, meant.written, line, range);
    else if (isAlone) this.foreign(line, range);
  }

  /** Behind a directive that is read, what resembles an option. */
  options(line: TextLine): void {
    const options = this.layout.directives.all.filter(({ place }) => place.kind === 'option');
    const [first] = options;
    if (first?.place.kind !== 'option') return;
    const behind = first.place.behind.exec(line.text)?.[0].length ?? line.text.length;
    const taken = occurrencesOn(line, this.layout.directives.all).flatMap((it) => (isOption(it) ? [it.range] : []));
    for (const { 0: text, index } of line.text.slice(behind).matchAll(/[a-z_-]+\s*[:=]\s*(?:"[^"]*"|[^\s:=]+)/gi)) {
      const range = { start: line.start + behind + index, end: line.start + behind + index + text.length };
      if (taken.some((it) => overlap(it, range))) continue;
      const meant = meantBy(text, options);
      if (!meant) continue;
      const message = `${this.layout.label} ignores this: it would have to be "${meant.written}".`;
      const fix = { title: `Write "${meant.written}"`, edits: [{ range, text: meant.written }] };
      this.tell({ code: 'directive-misspelt', range, message }, [fix]);
    }
  }

  /** In the SQL, what resembles a placeholder of the tool. */
  placeholders(line: TextLine): void {
    for (const { 0: text, index } of line.text.matchAll(/\$\{[^${}]*\}/g)) {
      const range = { start: line.start + index, end: line.start + index + text.length };
      const isKnown = this.within.some(({ pattern }) => text.search(pattern) === 0);
      const meant = isKnown ? undefined : meantBy(text, this.within);
      if (!meant) continue;
      const message = `${this.layout.label} has no such placeholder of its own: it would have to be "${meant.written}".`;
      const fix = { title: `Write "${meant.written}"`, edits: [{ range, text: meant.written }] };
      this.tell({ code: 'directive-misspelt', range, message }, [fix]);
    }
  }

  private misspelt(directive: Directive, written: string, line: TextLine, range: TextRange): void {
    const is = `For ${this.layout.label} this line is a comment`;
    const message = `${is}: ${this.remedy(directive, written, line)}.`;
    this.tell({ code: 'directive-misspelt', range, message }, this.put(directive, written, line));
  }

  private remedy(directive: Directive, written: string, line: TextLine): string {
    if (directive.place.kind === 'option') return `"${written}" must ${demand(directive)}`;
    if (!mayStandOn(directive, this.lines, line.index)) return `"${written}" would have to ${demand(directive)}`;
    if (line.text.trim() === written) return 'nothing may stand before a directive on its line';
    return `it would have to be "${written}"`;
  }

  private foreign(line: TextLine, range: TextRange): void {
    const found = lost.find(
      ({ owner, directive }) => owner.name !== this.layout.name && directive.pattern.test(line.text),
    );
    if (!found) return;
    const { directive, owner } = found;
    const own = this.layout.directives.all.find(({ asks }) => asks === directive.asks && asks !== 'other');
    const instead = own ? ` Here it is "${own.text}".` : this.instead(directive);
    const message = `For ${this.layout.label} this line is a comment: it is a directive of ${owner.label}.${instead}`;
    const remove: Fix = { title: 'Take this line away', edits: [taking(line)] };
    this.tell({ code: 'directive-foreign', range, message }, [...(own ? this.put(own, own.text, line) : []), remove]);
  }

  private instead({ asks }: Directive): string {
    const { withoutTransaction } = this.layout.directives;
    return asks === 'no-transaction' && withoutTransaction !== undefined ? ` ${withoutTransaction}` : '';
  }

  private put(directive: Directive, written: string, line: TextLine): readonly Fix[] {
    const fix = putting(directive, written, line, this.lines, this.layout.directives.all);
    return fix ? [fix] : [];
  }

  private tell(what: Pick<FileProblem, 'code' | 'range' | 'message'>, fixes: readonly Fix[]): void {
    this.found.push({ ...what, severity: 'warning', ...(fixes.length > 0 ? { fixes } : {}) });
  }
}

/** An option on a line of its own only where its words cannot be anything else. */
function mayStandAlone({ place, likeness }: Directive): boolean {
  if (place.kind === 'within') return false;
  return place.kind !== 'option' || (likeness !== undefined && likeness.rest === undefined);
}

/** With the blanks before it. */
function takingOption({ line, range }: Occurrence): Edit {
  const before = line.text.slice(0, range.start - line.start);
  return { range: { start: line.start + before.trimEnd().length, end: range.end }, text: '' };
}
