/**
 * goose's reader of one file, for one direction: which messages it sends, and what it refuses.
 *
 * goose knows nothing of SQL: it goes from line to line, and a statement ends at a line that ends with a semicolon,
 * also within a body or a string, unless StatementBegin says otherwise (pressly/goose v3.27.3,
 * internal/sqlparser/parser.go). Where goose gives up, this reader goes on with what was meant.
 */
import { shifted, type TextRange } from '../base/text';
import { sentOf } from '../sql/places';
import type { Replaced } from '../sql/statement';
import {
  type Annotation,
  endsStatement,
  isAnnotation,
  isUnreadable,
  type Line,
  read,
  trimmed,
} from './gooseAnnotations';
import { gooseProblems } from './gooseProblems';
import { interpolate, type Variables } from './interpolation';
import type { FileProblem } from './layout';

export interface GooseMessage {
  /** Never empty. */
  readonly lines: readonly SentLine[];
  /** Between StatementBegin and StatementEnd: where it ends is said, not guessed. */
  readonly framed: boolean;
}

export interface SentLine {
  readonly range: TextRange;
  readonly replaced: readonly Replaced[];
  /** What is sent of it. */
  readonly text: string;
}

export interface GooseReading {
  /** Where the annotations of the two sections stand. */
  readonly starts: { readonly up?: number; readonly down?: number };
  readonly messages: readonly GooseMessage[];
  readonly transaction: boolean;
  readonly problems: readonly FileProblem[];
}

/** Never throws. */
export function readDirection(lines: readonly Line[], direction: 'up' | 'down', variables: Variables): GooseReading {
  const reader = new GooseReader(direction, variables);
  for (const line of lines) reader.next(line);
  reader.end(lines);
  return reader;
}

class GooseReader implements GooseReading {
  readonly starts: { up?: number; down?: number } = {};
  readonly messages: GooseMessage[] = [];
  readonly problems: FileProblem[] = [];
  transaction = true;
  private section: 'none' | 'up' | 'down' = 'none';
  /** Where the reader is in regard to StatementBegin and StatementEnd. */
  private frame: 'outside' | 'inside' | 'ended' = 'outside';
  private begin: Line | undefined;
  /** The first line of the file that goose would not have there. */
  private tooEarly: Line | undefined;
  private substitutes = false;
  private buffer: SentLine[] = [];
  /** The last one that is not blank. */
  private last: Line | undefined;

  constructor(
    private readonly direction: 'up' | 'down',
    private readonly variables: Variables,
  ) {}

  next(line: Line): void {
    this.takeIn(line);
    if (line.trimmed !== '') this.last = line;
  }

  private takeIn(line: Line): void {
    if (this.section === 'none' && line.trimmed === '') return;
    if (isAnnotation(line)) {
      const annotation = read(line);
      if (isUnreadable(annotation)) this.problems.push(gooseProblems[annotation](line));
      else if (annotation !== 'StatementEnd') this.obey(annotation, line);
      else if (this.frame === 'inside') this.endFrame();
      else this.problems.push(gooseProblems.strayEnd(line));
    } else this.take(line);
  }

  end(lines: readonly Line[]): void {
    if (this.section === 'none') this.problems.push(gooseProblems.missingUp(lines[0]));
    else if (this.tooEarly) this.problems.push(gooseProblems.beforeUp(this.tooEarly));
    this.demandEnd();
    this.endSection();
  }

  private demandEnd(): void {
    if (this.frame !== 'inside' || !this.begin) return;
    this.problems.push(gooseProblems.missingEnd(this.begin, this.last ?? this.begin));
  }

  private obey(annotation: Exclude<Annotation, 'StatementEnd'>, line: Line): void {
    switch (annotation) {
      case 'Up':
        if (this.section !== 'none') this.problems.push(gooseProblems.secondUp(line));
        else [this.section, this.starts.up] = ['up', line.range.start];
        return;
      case 'Down':
        this.down(line);
        return;
      case 'StatementBegin':
        if (this.section === 'none') this.tooEarly ??= line;
        else if (this.frame === 'inside') this.problems.push(gooseProblems.nestedBegin(line));
        else [this.frame, this.begin] = ['inside', line];
        return;
      case 'NO TRANSACTION':
        this.transaction = false;
        return;
      case 'ENVSUB ON':
      case 'ENVSUB OFF':
        this.substitutes = annotation === 'ENVSUB ON';
    }
  }

  private down(line: Line): void {
    if (this.section === 'none') this.tooEarly ??= line;
    else if (this.section === 'down') this.problems.push(gooseProblems.secondDown(line));
    else {
      this.demandEnd();
      this.endSection();
      [this.section, this.frame, this.starts.down] = ['down', 'outside', line.range.start];
    }
  }

  /** An empty frame stays open for goose: the next line ends it, and is lost. */
  private endFrame(): void {
    this.frame = 'ended';
    if (this.buffer.length > 0) this.settle();
  }

  private take(line: Line): void {
    if (this.buffer.length === 0 && (line.trimmed.startsWith('--') || line.text === '')) return;
    if (this.section === 'none') {
      this.tooEarly ??= line;
      return;
    }
    if (this.frame !== 'ended') this.buffer.push(this.sent(line));
    else if (this.section === this.direction) this.problems.push(gooseProblems.lostLine(line));
    this.settle();
  }

  /** Whether the message ends here. What belongs to the other direction is forgotten line by line. */
  private settle(): void {
    if (this.section !== this.direction) this.buffer = [];
    else if (this.frame === 'ended') {
      this.send('framed');
      this.frame = 'outside';
    } else if (this.frame === 'outside' && endsStatement(this.buffer.at(-1)?.text ?? '')) this.send('guessed');
  }

  private send(how: 'framed' | 'guessed'): void {
    if (this.buffer.length > 0) this.messages.push({ lines: this.buffer, framed: how === 'framed' });
    this.buffer = [];
  }

  private endSection(): void {
    const rest = this.buffer.filter((it) => trimmed(it.text) !== '');
    if (rest.length > 0 && this.frame !== 'inside') this.problems.push(gooseProblems.missingSemicolon(rest));
    this.send('guessed');
  }

  private sent({ text, range }: Line): SentLine {
    if (!this.substitutes) return { range, replaced: [], text };
    const { replaced, unset, trouble } = interpolate(text, range.start, this.variables);
    if (trouble) this.problems.push(gooseProblems.substitution(trouble));
    // Of the other direction goose makes nothing of what it finds.
    if (this.section === this.direction) this.problems.push(...unset.map(gooseProblems.unset));
    const own = replaced.map((it) => ({ ...it, range: shifted(it.range, -range.start) }));
    return { range, replaced, text: sentOf(text, { start: 0, end: text.length }, own) };
  }
}
