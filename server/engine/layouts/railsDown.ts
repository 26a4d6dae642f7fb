/** The way back of a migration, as it is written into its `down`. */
import type { DownEdit } from './layout';

/** In the place of the one that it has, or behind `up`. */
export function withDown(text: string, statements: readonly string[]): DownEdit {
  const method = (name: string) =>
    new RegExp(String.raw`^([^\S\n]+)def ${name}\b[^]*?\n\1end\b.*(?:\n|$)`, 'm').exec(text);
  const former = method('down');
  const up = method('up');
  const indent = (former ?? up)?.[1];
  if (indent === undefined)
    return {
      because:
        'ActiveRecord turns `change` round by itself: write `up` and `down` in its place, these statements in `down`.',
    };
  const executed = statements.map((it) => `${indent}  execute <<-'${wordFor(it)}'\n${it}\n${indent}  ${wordFor(it)}\n`);
  const down = `${indent}def down\n${executed.join('')}${indent}end\n`;
  if (former) return { text: text.slice(0, former.index) + down + text.slice(former.index + former[0].length) };
  const end = (up?.index ?? 0) + (up?.[0].length ?? 0);
  return { text: `${text.slice(0, end)}\n${down}${text.slice(end)}` };
}

/** No line of it ends the text. */
const wordFor = (sql: string): string => (/^\s*SQL\s*$/m.test(sql) ? 'END_OF_SQL' : 'SQL');
