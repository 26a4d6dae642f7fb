/** Findings of one file as people read them: place, message, source line, and why. */
import type { FileCheck, Finding, Place, Severity } from '../../engine/project';
import type { Colour, Paint } from '../terminal';
import { harmless } from './cells';
import { excerpt } from './excerpt';
import type { Places, ShownPlace } from './places';
import { some } from './words';

export interface Look {
  readonly paint: Paint;
  readonly columns: number;
}

const looks = {
  error: { word: 'error', colour: 'red' },
  warning: { word: 'warning', colour: 'yellow' },
  information: { word: 'note', colour: 'blue' },
  hint: { word: 'hint', colour: 'cyan' },
} as const satisfies Record<Severity, { word: string; colour: Colour }>;

/** Mending its cause mends it, whatever is said of it: it is counted apart. */
const consequence = { word: 'follows', colour: 'cyan' } as const;

/** @returns text that ends with an empty line; empty when there is nothing to say */
export function renderFindings(
  { path, findings }: Pick<FileCheck, 'path' | 'findings'>,
  places: Places,
  look: Look,
): string {
  return findings.map((finding) => renderFinding({ ...finding, path }, places, look)).join('');
}

export function renderFinding(finding: Finding & Place, places: Places, { paint, columns }: Look): string {
  const { word, colour } = finding.consequenceOf ? consequence : looks[finding.severity];
  const text = places.text(finding.path);
  const source = text === '' ? [] : excerpt(text, finding.range, { paint, colour, columns });
  const heading = `${paint('bold', `${at(places.show(finding))}:`)} ${paint([colour, 'bold'], `${word}:`)}`;
  const lines = [
    `${heading} ${paint('bold', harmless(finding.message))} ${paint('gray', `[${finding.sqlState ?? finding.code}]`)}`,
    ...source,
    ...explanations(finding, places).map(
      ([label, text]) => `   ${paint(colour, '=')} ${paint('bold', `${label}:`)} ${text}`,
    ),
  ];
  return `${lines.join('\n')}\n\n`;
}

function explanations(finding: Finding, places: Places): readonly (readonly [string, string])[] {
  const { detail, hint, consequenceOf, related = [] } = finding;
  const found: [string, string][] = [];
  if (detail) found.push(['detail', indented(detail)]);
  if (hint) found.push(['hint', indented(hint)]);
  if (consequenceOf) found.push(['follows from', at(places.show(consequenceOf))]);
  for (const it of related) found.push(['see', `${at(places.show(it))}: ${indented(it.message)}`]);
  return found;
}

const indented = (text: string) => harmless(text).trimEnd().replaceAll('\n', '\n     ');

const at = ({ path, line, column }: ShownPlace) => `${harmless(path)}:${line}:${column}`;

/** `2 errors, 1 warning, 1 consequence`; `no findings` when there are none. */
export function renderCounts(findings: readonly Finding[], paint: Paint): string {
  const consequences = findings.filter((it) => it.consequenceOf !== undefined);
  const count = (severity: Severity) =>
    findings.filter((it) => it.severity === severity && it.consequenceOf === undefined).length;
  const parts: readonly (readonly [number, string, Colour])[] = [
    [count('error'), 'error', 'red'],
    [count('warning'), 'warning', 'yellow'],
    [count('information'), 'note', 'blue'],
    [count('hint'), 'hint', 'cyan'],
    [consequences.length, 'consequence', 'cyan'],
  ];
  const told = parts
    .filter(([number]) => number > 0)
    .map(([number, word, colour]) => paint(colour, some(number, word)));
  return told.join(', ') || paint('green', 'no findings');
}
