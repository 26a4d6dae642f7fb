/**
 * A test case as one SQL text.
 *
 *     --- 2_email.up.sql                begins a file; what stands before the first one is a file without a name
 *     alter table users add colum x;
 *     --                    ^^^^^ ...   says what is expected about the line above, under the columns it is about
 *     select us$0ers                    the cursor
 *
 * A mark about the first or second column has no room for dashes: `^^^ …`.
 */
import { equal } from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TextRange } from '../../server/engine/base/text';

export interface Fixture {
  readonly files: readonly FixtureFile[];
}

export interface FixtureFile {
  /** Empty for what stands before the first header. */
  readonly name: string;
  /** As the engine sees it: marks and cursor taken out. */
  readonly text: string;
  readonly marks: readonly Mark[];
  /** Offset in `text`. */
  readonly cursor: number | undefined;
}

export interface Mark {
  readonly range: TextRange;
  readonly says: string;
}

const header = /^--- (\S.*)\n/m;
const mark = /^(-{0,2} *)(\^+) (.+)\n?$/;
const cursorSign = '$0';

export function parseFixture(source: string): Fixture {
  const [head = '', ...rest] = source.split(new RegExp(header, 'gm'));
  const files = head.trim() === '' ? [] : [parseFile('', head)];
  for (let i = 0; i + 1 < rest.length; i += 2) files.push(parseFile(rest[i] ?? '', rest[i + 1] ?? ''));
  return { files };
}

/** The file of that name; a test that asks for one that is not there is wrong. */
export function fileNamed(fixture: Fixture, name: string): FixtureFile {
  const file = fixture.files.find((it) => it.name === name);
  if (!file) throw new Error(`no file ${name} in this fixture`);
  return file;
}

function parseFile(name: string, source: string): FixtureFile {
  const marks: Mark[] = [];
  let [text, lineStart] = ['', 0];
  for (const line of source.split(/(?<=\n)/)) {
    const found = mark.exec(line);
    if (found) {
      const [, lead = '', carets = '', says = ''] = found;
      const start = lineStart + lead.length;
      marks.push({ range: { start, end: start + carets.length }, says });
    } else {
      lineStart = text.length;
      text += line;
    }
  }
  const cursor = text.indexOf(cursorSign);
  return { name, text: text.replace(cursorSign, ''), marks, cursor: cursor < 0 ? undefined : cursor };
}

/** The text with these marks written under it: what a failing test shows, and what UPDATE=1 writes back. */
export function render(text: string, marks: readonly Mark[]): string {
  const inOrder = marks.toSorted((a, b) => a.range.start - b.range.start || a.range.end - b.range.end);
  let at = 0;
  return text
    .split(/(?<=\n)/)
    .map((line, index, lines) => {
      const [start, end] = [at, (at += line.length)];
      const last = index === lines.length - 1;
      const here = inOrder.filter(({ range }) => start <= range.start && (range.start < end || last));
      const drawn = here.map((it) => draw(it, start, line.trimEnd().length));
      return drawn.length > 0 && !line.endsWith('\n') ? `${line}\n${drawn.join('')}` : line + drawn.join('');
    })
    .join('');
}

/** A range over several lines is drawn to the end of its first one. */
function draw({ range, says }: Mark, lineStart: number, lineLength: number): string {
  const column = range.start - lineStart;
  const width = Math.max(1, Math.min(range.end - range.start, lineLength - column));
  return `${(column < 2 ? '' : '--').padEnd(column)}${'^'.repeat(width)} ${says.replaceAll('\n', '\\n')}\n`;
}

/** The whole fixture as text again. */
export function renderFixture(files: readonly Pick<FixtureFile, 'name' | 'text' | 'marks'>[]): string {
  return files.map(({ name, text, marks }) => (name ? `--- ${name}\n` : '') + render(text, marks)).join('');
}

/**
 * One test for each file in `test/cases/<room>/`: its text must equal what `today` makes of it.
 * With UPDATE=1 the file is written instead, to be read in the diff.
 */
export function describeCases(room: string, today: (source: string) => Promise<string>): void {
  const folder = join(__dirname, '../cases', room);
  for (const name of readdirSync(folder).filter((it) => it.endsWith('.sql')))
    it(
      name
        .replace(/\.sql$/, '')
        .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
        .toLowerCase(),
      async () => {
        const path = join(folder, name);
        const source = readFileSync(path, 'utf8');
        const actual = await today(source);
        if (process.env['UPDATE']) writeFileSync(path, actual);
        else equal(actual, source);
      },
    );
}
