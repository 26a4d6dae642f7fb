/** The way back of a revision, as it is written into its `downgrade()`. */
import type { DownEdit } from './layout';
import { pythonText } from './pythonText';

/** In the place of what it does now. */
export function withDowngrade(text: string, statements: readonly string[]): DownEdit {
  if (!/^from alembic import (?:.*\W)?op\b/m.test(text))
    return { because: 'The revision does not import op of Alembic, which would execute these statements.' };
  const body = statements.map((it) => `    op.execute(${pythonText(escaped(it))})\n`).join('');
  const found = /^def downgrade\(.*\).*:[^\S\n]*(?:#.*)?\n(?:[^\S\n]+"""[^\n]*"""[^\S\n]*\n)?/m.exec(text);
  if (found) {
    const start = found.index + found[0].length;
    const rest = text.slice(start).replace(/^(?:[^\S\n]+\S.*(?:\n|$)|[^\S\n]*\n)*/, '');
    return { text: `${text.slice(0, start)}${body}${rest === '' ? '' : `\n\n${rest}`}` };
  }
  if (/^(?:async )?def downgrade\b/m.test(text))
    return { because: 'Its downgrade() is written in another way than Alembic writes it: put these statements there.' };
  return { text: `${text.trimEnd()}\n\n\ndef downgrade():\n${body}` };
}

/** A name behind a colon is a parameter for SQLAlchemy (`text()`). */
const escaped = (sql: string): string => sql.replaceAll(/(?<![:\w\\]):(?=\w)/g, String.raw`\:`);
