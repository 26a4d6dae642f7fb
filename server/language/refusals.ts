/**
 * What a target has refused when a migration was applied: a fact, which stands beside what the rehearsals say until the
 * file is another one, or a check knows better. A rehearsal that follows may stand on the schema alone, and rows are
 * what it was refused for.
 */
import { byPlace, isWithin, type TextRange } from '../engine/base/text';
import type { FileCheck, Finding } from '../engine/project';

interface Refusal {
  readonly finding: Finding;
  /** Of the file, when it was applied. */
  readonly text: string;
  readonly folder: string;
}

/** A class because it remembers. */
export class Refusals {
  private readonly byPath = new Map<string, Refusal>();

  /** @param target its label */
  keep(path: string, { finding, ...rest }: Refusal, target: string): void {
    const said = `Refused by ${target} when it was applied.`;
    const detail = finding.detail === undefined ? said : `${finding.detail} ${said}`;
    this.byPath.set(path, { ...rest, finding: { ...finding, detail } });
  }

  /** Its target is another one by now, or somebody wants to know anew. */
  forget(folder: string): void {
    for (const [path, it] of this.byPath) if (it.folder === folder) this.byPath.delete(path);
  }

  /** What is told of a file: with its refusal, unless the check tells of it itself. */
  addTo(check: FileCheck, text: string | undefined): FileCheck {
    const refusal = this.byPath.get(check.path);
    if (!refusal) return check;
    if (refusal.text !== text || isRefuted(refusal, check)) {
      this.byPath.delete(check.path);
      return check;
    }
    const statement = statementOf(refusal, check);
    if (check.findings.some((it) => it.severity === 'error' && isWithin(it.range, statement))) return check;
    const findings = [...check.findings, refusal.finding];
    return { ...check, findings: findings.toSorted(byPlace) };
  }
}

/** What rows have refused runs upon the rows as they are now. */
function isRefuted({ finding }: Refusal, check: FileCheck): boolean {
  const ran = check.outcomes.some((it) => it.kind === 'ran' && isWithin(finding.range, it.range));
  return ran && check.rows === 'there' && check.provisional !== true && /^(?:22|23|P0001)/.test(finding.sqlState ?? '');
}

const statementOf = ({ finding: { range } }: Refusal, { outcomes }: FileCheck): TextRange =>
  outcomes.find((it) => isWithin(range, it.range))?.range ?? range;
