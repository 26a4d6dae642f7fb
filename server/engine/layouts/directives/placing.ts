/** Where a directive may stand, and how it gets there. */
import { byPlace, type Edit, insertion } from '../../base/text';
import type { Fix } from '../layout';
import type { Directive } from './directive';
import { occurrencesOn, type TextLine } from './reading';

/** Whether the tool obeys the directive on this line. */
export function mayStandOn({ place }: Directive, lines: readonly TextLine[], index: number): boolean {
  switch (place.kind) {
    case 'first':
      return lines.slice(0, index).every(({ text }) => place.below?.test(text) === true);
    case 'header': {
      const end = endOfHeader(lines);
      return index < end && isDetached(lines, end);
    }
    case 'line':
    case 'behind':
    case 'within':
      return true;
    case 'option':
      return false;
  }
}

/** What has to be so for it to be obeyed: a part of a sentence behind "must". */
export function demand({ place }: Directive): string {
  switch (place.kind) {
    case 'first':
      return `be ${place.where}`;
    case 'header':
      return 'stand in the comments at the top of the file, with an empty line behind them';
    case 'line':
    case 'behind':
    case 'within':
      return 'stand on a line of its own';
    case 'option':
      return 'stand behind the directive that it is for';
  }
}

/** The first line behind the comments that a file begins with. */
function endOfHeader(lines: readonly TextLine[]): number {
  const end = lines.findIndex(({ text }) => !/^(?:--|#)/.test(text));
  return end < 0 ? lines.length : end;
}

const isDetached = (lines: readonly TextLine[], end: number): boolean =>
  end > 0 && lines.slice(end, end + 1).every(({ text }) => text.trim() === '');

/**
 * Puts a directive in the place of what a comment line says.
 *
 * @param written as it is to stand in the file
 * @param all what is known of the tool, of which an option's owner is one
 * @returns undefined where there is no place for it
 */
export function putting(
  directive: Directive,
  written: string,
  line: TextLine,
  lines: readonly TextLine[],
  all: readonly Directive[],
): Fix | undefined {
  const { place } = directive;
  const feed = feedOf(lines);
  const write: Fix = {
    title: `Write "${written}"`,
    edits: [{ range: { start: line.start, end: line.end }, text: written }],
  };
  if (mayStandOn(directive, lines, line.index)) return place.kind === 'behind' ? inPlace(written, line) : write;
  switch (place.kind) {
    case 'first': {
      const target = lines.find(({ text }) => place.below?.test(text) !== true) ?? line;
      const title = `Make "${written}" ${place.where}`;
      return { title, edits: [insertion(target.start, `${written}${feed}`), taking(line)] };
    }
    case 'header': {
      if (line.index < endOfHeader(lines)) {
        const title = `Write "${written}" with an empty line behind it`;
        return { title, edits: [{ range: { start: line.start, end: line.end }, text: `${written}${feed}` }] };
      }
      const gap = isDetached(lines, endOfHeader(lines)) ? '' : feed;
      const title = `Put "${written}" at the top of the file`;
      return { title, edits: [insertion(0, `${written}${feed}${gap}`), taking(line)] };
    }
    case 'option':
      return behindOwner(directive, written, line, lines, all);
    case 'line':
    case 'behind':
    case 'within':
      return write;
  }
}

/**
 * Puts a directive in where nothing of it stands yet: at the top of the file, or on the line of its owner.
 *
 * @param line that it is for
 * @returns undefined where it has no owner
 */
export function adding(
  directive: Directive,
  line: TextLine,
  lines: readonly TextLine[],
  all: readonly Directive[],
): Fix | undefined {
  const { place, text } = directive;
  const feed = feedOf(lines);
  if (place.kind === 'option') {
    const fix = behindOwner(directive, text, line, lines, all);
    const edits = fix?.edits.filter((it) => it.text !== '') ?? [];
    return fix && edits.length > 0 ? { ...fix, edits } : undefined;
  }
  const first = place.kind === 'first' ? lines.find((it) => place.below?.test(it.text) !== true) : undefined;
  const gap = place.kind === 'header' && !isDetached(lines, endOfHeader(lines)) ? feed : '';
  return { title: `Write "${text}" above`, edits: [insertion(first?.start ?? 0, `${text}${feed}${gap}`)] };
}

/** The SQL before it stays. */
function inPlace(written: string, line: TextLine): Fix {
  const start = line.start + Math.max(0, line.text.indexOf('--'));
  return { title: `Write "${written}"`, edits: [{ range: { start, end: line.end }, text: written }] };
}

/** The nearest owner above has it, or else the first one below. */
function behindOwner(
  { name, place }: Directive,
  written: string,
  line: TextLine,
  lines: readonly TextLine[],
  all: readonly Directive[],
): Fix | undefined {
  const namesOn = (it: TextLine): string[] => occurrencesOn(it, all).map(({ directive }) => directive.name);
  const owners = lines.filter((it) => namesOn(it).some((owner) => place.kind === 'option' && place.of.includes(owner)));
  const owner = owners.findLast(({ index }) => index < line.index) ?? owners[0];
  if (!owner) return undefined;
  const text = owner.text.trimEnd();
  const edits = [taking(line)];
  if (!namesOn(owner).includes(name)) edits.push(insertion(owner.start + text.length, ` ${written}`));
  return { title: `Put "${written}" behind "${text.trimStart()}"`, edits: edits.toSorted(byPlace) };
}

/** With its line break. */
export const taking = ({ start, next }: TextLine): Edit => ({ range: { start, end: next }, text: '' });

const feedOf = ([first]: readonly TextLine[]): string => (first && first.next - first.end > 1 ? '\r\n' : '\n');
