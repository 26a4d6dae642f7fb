/** Findings of the engine as diagnostics of the editor. Pure, so that tests need no connection. */
import {
  type Diagnostic,
  type DiagnosticRelatedInformation,
  DiagnosticSeverity,
  type Range,
} from 'vscode-languageserver/node';
import type { Finding, Place, Severity } from '../engine/project';
import { causeWords } from '../protocol/messages';
import { rangesIn } from './positions';
import { uriOf } from './uri';

/** Where the SQLSTATE codes are explained. Codes of ours are in the README, which has no address on the web to link to. */
const sqlStates = 'https://www.postgresql.org/docs/current/errcodes-appendix.html';

/**
 * @param text of the document, as the editor has it
 * @param textOf text of another file that a finding points to; undefined when it cannot be read
 */
export function diagnosticsOf(
  text: string,
  findings: readonly Finding[],
  textOf: (path: string) => string | undefined,
): Diagnostic[] {
  const rangeOf = rangesIn(text);
  const places = placesIn(textOf);
  return findings.map((finding) => {
    const related = relatedTo(finding, places);
    return {
      range: rangeOf(finding.range),
      severity: severities[finding.severity],
      source: 'Rehearsal',
      code: finding.sqlState ?? finding.code,
      ...(finding.sqlState === undefined ? {} : { codeDescription: { href: sqlStates } }),
      message: messageOf(finding),
      ...(related.length === 0 ? {} : { relatedInformation: related }),
    };
  });
}

/** Says on the first line of a file why it could not be checked. */
export function notChecked(text: string, message: string): Diagnostic {
  const firstLineEnd = text.search(/[\r\n]|$/);
  return {
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: firstLineEnd } },
    severity: DiagnosticSeverity.Information,
    source: 'Rehearsal',
    code: 'not-checked',
    message: `Not rehearsed. ${message}`,
  };
}

/** The server's words first, then what it adds, each on a line of its own as psql prints them. */
export function messageOf({ message, detail, hint }: Pick<Finding, 'message' | 'detail' | 'hint'>): string {
  const lines = [message];
  if (detail !== undefined) lines.push(`Detail: ${detail}`);
  if (hint !== undefined) lines.push(`Hint: ${hint}`);
  return lines.join('\n');
}

/** Places in files as ranges of the editor; each file is read once. */
export function placesIn(textOf: (path: string) => string | undefined): (place: Place) => Range {
  const known = new Map<string, ReturnType<typeof rangesIn>>();
  return ({ path, range }) => {
    const rangeOf = known.get(path) ?? rangesIn(textOf(path) ?? '');
    known.set(path, rangeOf);
    return rangeOf(range);
  };
}

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

function relatedTo(finding: Finding, rangeOf: (place: Place) => Range): DiagnosticRelatedInformation[] {
  const related = [...(finding.related ?? [])];
  if (finding.consequenceOf) {
    related.unshift({ ...finding.consequenceOf, message: causeWords });
  }
  return related.map((place) => ({
    location: { uri: uriOf(place.path), range: rangeOf(place) },
    message: place.message,
  }));
}
