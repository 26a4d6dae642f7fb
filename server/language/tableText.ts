/** Rows as text in columns, one row on each line. */
import stringWidth from 'string-width';

/** Longer values are cut: the table is for reading. */
const widestValue = 80;

export function tableText(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  const lines = [
    columns.map(shown),
    ...rows.map((row) => row.map((value) => (value === null ? 'NULL' : shown(value)))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => stringWidth(line[i] ?? ''))));
  const drawn = lines.map((line) =>
    line
      .map((value, i) => padded(value, widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return `${[drawn[0], rule, ...drawn.slice(1)].join('\n')}\n`;
}

/** Whatever would break the line, or turn its direction, is one sign. */
function shown(value: string): string {
  const line = value.replaceAll(/\r\n|[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\u240a');
  return line.length > widestValue ? `${line.slice(0, widestValue - 1)}…` : line;
}

const padded = (value: string, width: number): string => value + ' '.repeat(Math.max(0, width - stringWidth(value)));
