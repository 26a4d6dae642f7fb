/** What a notification says of a refused statement. It shows no line breaks, so every line becomes a sentence. Pure. */
import { basename } from 'node:path/posix';
import type { ApplyResult } from '../server/protocol/messages';

type Refused = Extract<ApplyResult, { readonly kind: 'refused' }>;

/** @param path of the file */
export function refusalText(path: string, { range, message, sqlState, state }: Omit<Refused, 'kind'>): string {
  const [first = '', ...rest] = message.split('\n');
  const code = sqlState === undefined ? '' : ` (${sqlState})`;
  const sentences = [`${withoutStop(first)}${code}`, ...rest, state].map(sentence).filter((it) => it !== '');
  return `${basename(path)}:${range.start.line + 1}: ${sentences.join(' ')}`;
}

const withoutStop = (text: string): string => text.trim().replace(/\.$/, '');

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed === '' || /[.!?:;,]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
