/** Words of the command line → the command and what it is asked to do. */
import { parseArgs } from 'node:util';
import { Fault } from '../engine/base/fault';
import { suggestion } from '../engine/base/nearest';
import { options, type OptionName } from './options';

export type Invocation<Command> =
  | { readonly kind: 'version' }
  /** `command` is undefined when the help of all is wanted. */
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'run'; readonly command: Command; readonly values: Values; readonly words: readonly string[] };

export type Values = ReturnType<typeof read>['values'];

/** What of a command has to be known to read its words. */
export interface CommandWords {
  readonly name: string;
  readonly options: readonly OptionName[];
  /** What its words other than options stand for; undefined when it takes none. */
  readonly words: string | undefined;
  /** Options that it had once, and what is written instead. */
  readonly moved?: Readonly<Record<string, string>>;
}

/** @throws {Fault} `bad-usage` with the nearest match of what is not known */
export function readArguments<Command extends CommandWords>(
  words: readonly string[],
  commands: readonly Command[],
): Invocation<Command> {
  refuseMoved(words, commands);
  refuseUnknown(words, Object.keys(options), 'rehearsal');
  const { values, positionals } = read(words);
  if (values.version) return { kind: 'version' };
  const [first, ...rest] = positionals;
  if (first === undefined) {
    if (values.help) return { kind: 'help', command: undefined };
    throw new Fault('bad-usage', `no command was given; there are ${commands.map(({ name }) => name).join(', ')}.`);
  }
  if (first === 'help') return { kind: 'help', command: rest[0] === undefined ? undefined : named(rest[0], commands) };
  const command = named(first, commands);
  if (values.help) return { kind: 'help', command };
  refuseUnknown(words, command.options, `rehearsal ${command.name}`);
  if (command.words === undefined && rest[0] !== undefined) {
    throw new Fault('bad-usage', `rehearsal ${command.name} takes options only, and "${rest[0]}" is none.`);
  }
  return { kind: 'run', command, values, words: rest };
}

/** True when JSON is wanted, even if the other words cannot be understood. */
export function wantsJson(words: readonly string[]): boolean {
  return tokensOf(words).some((token) => token.kind === 'option' && token.name === 'format' && token.value === 'json');
}

/** @throws {Fault} `bad-usage` */
export function wholeNumber(option: OptionName, value: string, least: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least) return number;
  throw new Fault('bad-usage', `--${option} wants a whole number from ${least} on, not "${value}".`);
}

function named<Command extends CommandWords>(name: string, commands: readonly Command[]): Command {
  const command = commands.find((it) => it.name === name);
  if (command) return command;
  const names = commands.map((it) => it.name);
  throw new Fault(
    'bad-usage',
    `there is no command "${name}"${suggestion(name, names) || `; there are ${names.join(', ')}.`}`,
  );
}

function refuseMoved(words: readonly string[], commands: readonly CommandWords[]): void {
  const tokens = tokensOf(words);
  const first = tokens.find((it) => it.kind === 'positional')?.value;
  const { name, moved = {} } = commands.find((it) => it.name === first) ?? {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const instead = moved[token.name];
    if (instead === undefined) continue;
    throw new Fault('bad-usage', `rehearsal ${name} has no option --${token.name} any more: use ${instead}.`);
  }
}

function refuseUnknown(words: readonly string[], known: readonly string[], who: string): void {
  for (const token of tokensOf(words)) {
    if (token.kind !== 'option' || known.includes(token.name)) continue;
    const names = known.map((name) => `--${name}`);
    throw new Fault('bad-usage', `${who} has no option ${token.rawName}${suggestion(`--${token.name}`, names) || '.'}`);
  }
}

/** Never throws, whatever the words are. */
const tokensOf = (words: readonly string[]) =>
  parseArgs({ args: [...words], options, strict: false, tokens: true }).tokens;

function read(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')))
      throw error;
    const [sentence = ''] = error.message.split('\n');
    throw new Fault('bad-usage', `${sentence.replace(/\.$/, '')}.`, error);
  }
}
