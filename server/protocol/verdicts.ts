/** What is said of down scripts, in lists and in answers. */

/** `impossible`: no way back was found; `untried`: the way up is refused. */
export type VerdictKind = 'exact' | 'loses' | 'different' | 'fails' | 'impossible' | 'missing' | 'untried';

export interface VerdictSummary {
  readonly kind: VerdictKind;
  /** For people: `exact schema but loses data`. */
  readonly says: string;
  /** What is lost, what differs, or why; a line each. */
  readonly details: readonly string[];
}
