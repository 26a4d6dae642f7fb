/**
 * What `atlas.hcl` says about migrations; only literals are read, for the rest is computed by Atlas.
 *
 * Facts from ariga/atlas, cmd/atlas/internal/cmdapi/project.go and migrate.go.
 */
import { foldersAbove } from './above';
import type { FolderContents } from './layout';

export interface AtlasConfig {
  /** Whose names the files have. */
  readonly format: string | undefined;
  readonly revisionsSchema: string | undefined;
  readonly order: 'linear' | 'linear-skip' | 'non-linear';
  readonly mode: 'file' | 'all' | 'none';
}

export const configurationFiles: readonly string[] = foldersAbove(4).map((up) => `${up}atlas.hcl`);

/** Of the nearest file the first environment with a directory of migrations. */
export function atlasConfig(read: FolderContents['read']): AtlasConfig {
  const text = configurationFiles.map(read).find((it) => it !== undefined) ?? '';
  const migration = migrationsIn(text)[0] ?? new Map<string, string>();
  const inUrl = /[?&]format=([\w-]+)/.exec(migration.get('dir') ?? '')?.[1];
  const format = (inUrl ?? migration.get('format'))?.toLowerCase().replaceAll('_', '-');
  return {
    format: format === 'atlas' ? undefined : format,
    revisionsSchema: migration.get('revisions_schema'),
    order: orders.find((it) => it === wordOf(migration.get('exec_order'))) ?? 'linear',
    mode: modes.find((it) => it === wordOf(migration.get('tx_mode'))) ?? 'file',
  };
}

const orders = ['linear', 'linear-skip', 'non-linear'] as const;
const modes = ['file', 'all', 'none'] as const;

/** Names of choices are written as `LINEAR_SKIP` or as a string. */
const wordOf = (value: string | undefined): string | undefined => value?.toLowerCase().replaceAll('_', '-');

type Attributes = ReadonlyMap<string, string>;

/** The attributes of each block `migration`, of environments first. */
function migrationsIn(text: string): readonly Attributes[] {
  const reader = new HclReader(text);
  reader.body([]);
  return reader.migrations.toSorted((one, other) => other.depth - one.depth).map(({ attributes }) => attributes);
}

class HclReader {
  readonly migrations: { readonly depth: number; readonly attributes: Attributes }[] = [];
  private at = 0;

  constructor(private readonly text: string) {}

  /** Up to the brace that closes it. @param path names of the blocks around it */
  body(path: readonly string[]): void {
    const attributes = new Map<string, string>();
    while (this.skipBlank() && this.text[this.at] !== '}') {
      const name = this.taken(/[\w-]+/y);
      if (name === undefined) {
        this.at++;
        continue;
      }
      while (this.skipSpaces() && this.taken(/"(?:[^"\\\n]|\\.)*"|\w+/y) !== undefined);
      if (this.text[this.at] === '{') {
        this.at++;
        this.body([...path, name]);
      } else if (this.text[this.at] === '=') {
        this.at++;
        const value = this.value();
        if (value !== undefined) attributes.set(name, value);
      }
    }
    this.at++;
    if (path.at(-1) === 'migration') this.migrations.push({ depth: path.length, attributes });
  }

  private value(): string | undefined {
    this.skipSpaces();
    const from = this.at;
    const literal = this.taken(/"(?:[^"\\\n]|\\.)*"|[A-Za-z_][\w-]*(?![\w.([])|\d+/y);
    this.skipSpaces();
    if (literal !== undefined && /^(?:$|[\n\r}#]|\/\/)/.test(this.text.slice(this.at, this.at + 2)))
      return literal.includes('${') ? undefined : literal.replaceAll(/^"|"$/g, '').replaceAll(/\\(.)/g, '$1');
    this.at = from;
    this.skipExpression();
    return undefined;
  }

  /** To the end of its line, or behind its brackets, or behind a heredoc. */
  private skipExpression(): void {
    const heredoc = this.taken(/<<-?(\w+)[^\n]*\n/y);
    if (heredoc !== undefined) {
      const word = heredoc.replaceAll(/[^\w]/g, '');
      this.taken(new RegExp(`[^]*?^[ \\t]*${word}[ \\t]*$`, 'my'));
      return;
    }
    for (let depth = 0; this.at < this.text.length; this.at++) {
      const character = this.text.charAt(this.at);
      if (character === '"') {
        this.taken(/"(?:[^"\\\n]|\\.)*"?/y);
        this.at--;
      } else if (/[([{]/.test(character)) depth++;
      else if (/[)\]}]/.test(character)) {
        if (depth-- === 0) return;
      } else if (character === '\n' && depth === 0) return;
    }
  }

  private taken(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (!match) return undefined;
    this.at = pattern.lastIndex;
    return match[0];
  }

  private skipSpaces(): boolean {
    this.taken(/[ \t]*/y);
    return true;
  }

  /** @returns whether anything follows */
  private skipBlank(): boolean {
    this.taken(/(?:\s|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/|,)*/y);
    return this.at < this.text.length;
  }
}
