/** The text of a file whose statements change nothing when they are run again; all else of it is kept to the byte. */
import { type Edit, edited, insertion, type TextRange } from '../base/text';
import { statementsIn } from '../layouts/statements';
import type { Script } from '../layouts/layout';
import { inFile } from '../sql/places';
import type { Statement } from '../sql/statement';
import type { KeysOf } from './keys';
import { OrderOfRows } from './orderOfRows';
import { treatmentOf } from './treat';
import type { Insertion, Part, Treatment } from './treatment';

export interface Rewritten {
  readonly text: string;
  /** Of the text as it was. */
  readonly edits: readonly Edit[];
  /** Statements that are others now; ranges of the text as it was. */
  readonly changed: readonly TextRange[];
  readonly left: readonly LeftStatement[];
}

export interface LeftStatement {
  readonly range: TextRange;
  /** Why it is not made so: a whole sentence. */
  readonly why: string;
}

/** How a file is cut by its tool. */
export type Cut = (text: string) => readonly Script[];

/**
 * Blocks are written over several lines; in one where the tool would cut them at the end of a line; and not at all where
 * it cuts at every semicolon.
 */
export function rewritten(text: string, cut: Cut, keysOf: KeysOf): Rewritten {
  const scripts = cut(text);
  const treated = treatedIn(text, scripts, keysOf);
  const count = statementCount(text, scripts);
  for (const style of ['lines', 'line'] as const) {
    const tries = inStyle(style, text, treated);
    if (statementCount(tries.text, cut(tries.text)) === count) return tries;
  }
  return inStyle('none', text, treated);
}

/** What would become of its statements, however its tool cuts the text then. */
export const demandsOf = (
  text: string,
  scripts: readonly Script[],
  keysOf: KeysOf,
): Pick<Rewritten, 'changed' | 'left'> => inStyle('lines', text, treatedIn(text, scripts, keysOf));

type Style = 'lines' | 'line' | 'none';

interface Treated {
  readonly statement: Statement;
  readonly treatment: Treatment;
}

function treatedIn(text: string, scripts: readonly Script[], keysOf: KeysOf): readonly Treated[] {
  const order = new OrderOfRows();
  return scripts
    .flatMap((it) => statementsIn(text, it))
    .map((statement) => ({ statement, treatment: order.allows(statement, treatmentOf(statement, keysOf)) }));
}

const statementCount = (text: string, scripts: readonly Script[]): string =>
  JSON.stringify(scripts.map((it) => statementsIn(text, it).length));

function inStyle(style: Style, text: string, treated: readonly Treated[]): Rewritten {
  const edits: Edit[] = [];
  const changed: TextRange[] = [];
  const left: LeftStatement[] = [];
  for (const { statement, treatment: wanted } of treated) {
    const { range } = statement;
    const treatment = possible(wanted, statement, style);
    const own = editsOf(treatment, statement, new Writer(text, statement, style));
    edits.push(...own);
    if (own.length > 0) changed.push(range);
    if (treatment.kind === 'left') left.push({ range, why: treatment.why });
  }
  return { text: edited(text, edits), edits, changed, left };
}

/** A block is no place for what its tool fills in, nor for what it would cut. */
function possible(treatment: Treatment, { replaced = [] }: Statement, style: Style): Treatment {
  if (treatment.kind !== 'guarded' && treatment.kind !== 'split') return treatment;
  if (style === 'none')
    return { kind: 'left', why: 'It needs a block that looks first, which the tool would cut at its semicolons.' };
  if (replaced.length > 0)
    return {
      kind: 'left',
      why: 'It needs a block that looks first, in which the tool may not fill in its placeholders.',
    };
  return treatment;
}

function editsOf(treatment: Treatment, statement: Statement, writer: Writer): Edit[] {
  switch (treatment.kind) {
    case 'clauses':
      return treatment.insertions.map((it) => inserted(it, statement));
    case 'guarded': {
      const { start, end } = statement.range;
      const [before, behind] = writer.around(treatment.when);
      return [insertion(start, before), insertion(end, behind)];
    }
    case 'split':
      return [{ range: statement.range, text: writer.block(treatment.parts) }];
    case 'kept':
    case 'tried':
    case 'left':
      return [];
  }
}

function inserted({ at, text }: Insertion, statement: Statement): Edit {
  // The place behind the character before it: what follows may have been replaced.
  const { end } = inFile({ start: at - 1, end: at }, statement);
  return insertion(end, text);
}

/** Writes blocks at the place of a statement, with the line ends and the indentation that are there. */
class Writer {
  private readonly eol: string;
  private readonly indent: string;
  private readonly step: string;
  private readonly quotes: string;

  constructor(
    text: string,
    { range, text: own }: Statement,
    private readonly style: Style,
  ) {
    const lineStart = Math.max(text.lastIndexOf('\n', range.start - 1), text.lastIndexOf('\r', range.start - 1)) + 1;
    const before = text.slice(lineStart, range.start);
    this.eol = style === 'line' ? ' ' : text.includes('\r\n') ? '\r\n' : '\n';
    this.indent = style === 'line' || before.trim() !== '' ? '' : before;
    this.step = style === 'line' ? '' : '  ';
    this.quotes = quotesFor(own);
  }

  around(when: string): [before: string, behind: string] {
    const [first, ...rest] = this.opening(when);
    return [
      [first, ...rest].join(this.eol) + this.eol + this.lead(2),
      `;${[this.lead(1) + 'END IF;', `${this.indent}END ${this.quotes}`].map((it) => this.eol + it).join('')}`,
    ];
  }

  block(parts: readonly Part[]): string {
    const lines = [`DO ${this.quotes} BEGIN`];
    for (const { text, when, before, behind } of parts) {
      for (const comment of before) lines.push(this.lead(1) + this.comment(comment));
      const trailing = behind.map((it) => ` ${this.comment(it)}`).join('');
      if (when === undefined) lines.push(`${this.lead(1)}${text};${trailing}`);
      else lines.push(`${this.lead(1)}IF ${when} THEN`, `${this.lead(2)}${text};${trailing}`, `${this.lead(1)}END IF;`);
    }
    return [...lines, `${this.indent}END ${this.quotes}`].join(this.eol);
  }

  private opening(when: string): string[] {
    return [`DO ${this.quotes} BEGIN`, `${this.lead(1)}IF ${when} THEN`];
  }

  private lead(depth: number): string {
    return this.indent + this.step.repeat(depth);
  }

  /** In one line a comment may not run to its end. */
  private comment(written: string): string {
    if (this.style !== 'line' || !written.startsWith('--')) return written;
    return `/*${written.slice(2).replaceAll('*/', '* /')} */`;
  }
}

/** Dollar quotes that do not stand in a text. */
function quotesFor(text: string): string {
  for (let n = 0, tag = ''; ; n++, tag = `again${n === 1 ? '' : n}`) {
    if (!text.includes(`$${tag}$`)) return `$${tag}$`;
  }
}
