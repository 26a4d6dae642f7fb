/**
 * Which changesets Liquibase runs by the contexts and labels that it is called with.
 *
 * Facts from liquibase/liquibase (2026-08): util/ExpressionMatcher.java, ContextExpression.java, LabelExpression.java,
 * changelog/filter/ContextChangeSetFilter.java, LabelChangeSetFilter.java. Without contexts all of them are run, save
 * where `nocontexts` or `@` asks for some.
 */

/** What it is called with; empty where it is called with none. */
export interface Selection {
  readonly contexts: string;
  readonly labels: string;
}

/** What a changeset, or an `include` around it, is for; empty for all. */
export interface Condition {
  readonly context: string;
  readonly labels: string;
}

/** @param around of the changelogs that include it, outermost first */
export function isSelected({ contexts, labels }: Selection, own: Condition, around: readonly Condition[]): boolean {
  const [runtime, inherited] = [itemsIn(contexts), around.map(({ context }) => context).filter(Boolean)];
  const whole = [...inherited, ...(own.context === '' ? [] : [own.context])];
  const full = whole.map((it) => (/[ ,]/.test(it) && whole.length > 1 ? `(${it})` : it)).join(' and ');
  const isInContext = matches(runtime, itemsIn(full)) || matches(itemsIn(own.context), runtime);
  return isInContext && inherited.every((it) => matches(itemsIn(it), runtime)) && isLabelled(labels, own, around);
}

function isLabelled(labels: string, own: Condition, around: readonly Condition[]): boolean {
  const expressions = plainItems(labels.replaceAll('\\', ''));
  const names = [...around, own].flatMap((it) => plainItems(it.labels));
  return expressions.length === 0 || expressions.some((it) => holds(it, names));
}

const plainItems = (list: string): string[] =>
  list
    .toLowerCase()
    .split(',')
    .map((it) => it.trim())
    .filter(Boolean);

/** Cut at commas outside of parentheses. */
function itemsIn(list: string): string[] {
  const items = [''];
  let depth = 0;
  for (const character of list.replaceAll('\\', '').toLowerCase()) {
    if (character === '(') depth++;
    else if (character === ')' && depth > 0) depth--;
    if (character === ',' && depth === 0) items.push('');
    else items.push(`${items.pop()}${character}`);
  }
  return items.map((it) => it.trim()).filter(Boolean);
}

function matches(expressions: readonly string[], items: readonly string[]): boolean {
  if (expressions.length === 0 && !items.some((it) => /^[(\s]*@/.test(it)))
    return !items.some((it) => /(?<![\w@])nocontexts(?!\w)/.test(it));
  return expressions.some((it) => holds(it, items));
}

/** `a and !b`, `(a or b), c`; what is in parentheses is worked out first. */
function holds(written: string, items: readonly string[]): boolean {
  let expression = written.trim();
  for (;;) {
    const inner = /\(([^()]*)\)/.exec(expression);
    if (!inner) break;
    const value = holds(inner[1] ?? '', items) ? ':TRUE' : ':FALSE';
    expression =
      `${expression.slice(0, inner.index)} ${value} ${expression.slice(inner.index + inner[0].length)}`.trim();
  }
  return expression.split(/\s*,\s*|\s+or\s+/).some((it) => it.split(/\s+and\s+/).every((word) => isTrue(word, items)));
}

function isTrue(written: string, items: readonly string[]): boolean {
  const [, at = '', not, required = '', name = ''] = /^\s*(@?)\s*(!|not\s)?\s*(@?)\s*(.*?)\s*$/.exec(written) ?? [];
  const isWanted = not === undefined;
  if (name === ':TRUE' || name === ':FALSE') return (name === ':TRUE') === isWanted;
  if (required === '' && (at === '' || !isWanted)) {
    if (name === 'nocontexts') return (items.length === 0) === isWanted;
    if (items.length === 0) return true;
  }
  return items.some((it) => it.replace(/^@\s*/, '') === name) === isWanted;
}
