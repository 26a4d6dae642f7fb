/** SQL as a literal of Python. */

/** On several lines where it has several. */
export function pythonText(sql: string): string {
  const escaped = sql.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return sql.includes('\n') ? `"""${escaped}"""` : `"${escaped}"`;
}
