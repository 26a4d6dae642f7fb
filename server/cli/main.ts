/** The command line: reads the words, builds world and engine, runs the command, tells faults, and ends. */
import { Fault } from '../engine/base/fault';
import { createEngine } from '../engine/engine';
import { nodeWorld } from '../world';
import { readArguments, type Values, wantsJson } from './arguments';
import { type Cancellation, cancelOnSignals } from './cancellation';
import { commands } from './commands/all';
import type { Command, ExitCode } from './commands/command';
import { helpOf, helpOfAll } from './help';
import { newsFor, type NewsStand } from './news';
import { engineOptions } from './projects';
import { openTerminal, type Terminal } from './terminal';
import { version } from '../engine/base/version';
import { systemCode } from '../engine/base/systemError';
import { untilAborted } from '../engine/base/untilAborted';

void main(process.argv.slice(2));

/** What a run has from its beginning to its end, whatever it is about. */
interface Surroundings extends Cancellation {
  readonly terminal: Terminal;
  readonly news: NewsStand;
}

async function main(words: readonly string[]): Promise<void> {
  const json = wantsJson(words);
  const terminal = openTerminal(process, process.env, json);
  const cancellation = cancelOnSignals((text) => terminal.say(text));
  const around = { terminal, news: newsFor(terminal, json), ...cancellation };
  let code: ExitCode;
  try {
    code = await answer(words, around);
  } catch (error) {
    code = tell(error, json, around);
  }
  await terminal.flushed();
  process.exit(code);
}

async function answer(words: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { terminal } = around;
  const invocation = readArguments(words, commands);
  switch (invocation.kind) {
    case 'version':
      terminal.out(`rehearsal ${version}\n`);
      return 0;
    case 'help':
      terminal.out(invocation.command ? helpOf(invocation.command) : helpOfAll(commands));
      return 0;
    case 'run':
      return run(invocation.command, invocation.values, invocation.words, around);
  }
}

async function run(
  command: Command,
  values: Values,
  words: readonly string[],
  { terminal, news, signal, late }: Surroundings,
): Promise<ExitCode> {
  const folder = currentFolder();
  const json = isJson(values.format ?? 'pretty');
  const options = engineOptions(values, folder, command.takesPaths ? words : []);
  const world = nodeWorld({
    assets: __dirname,
    log: (line) => {
      if (values.verbose) terminal.say(line);
    },
    tell: news.tell,
  });
  const engine = createEngine(world, options);
  try {
    const { print } = news;
    const code = command.run({ engine, world, terminal, values, words, json, print, folder, signal });
    return await (command.changes ? code : untilAborted(code, late));
  } finally {
    await untilAborted(engine.close(), late);
  }
}

/** @throws {Fault} `no-folder` when it was removed meanwhile */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    throw new Fault('no-folder', 'it was removed or replaced.', error);
  }
}

/** What went wrong, what to do about it, and the exit code of it. */
function tell(error: unknown, json: boolean, { terminal, news, signal }: Surroundings): ExitCode {
  const red = (text: string) => terminal.paintMessage(['red', 'bold'], text);
  terminal.progress(undefined);
  if (error instanceof Fault) {
    terminal.say(`${red('error:')} ${error.message}`);
    if (json) news.print({ error: { code: error.code, message: error.message } });
    return 2;
  }
  if (signal.aborted) {
    terminal.say('Cancelled.');
    if (json) news.print({ error: { code: 'cancelled', message: 'Cancelled.' } });
    return 130;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.say(`${red('error:')} This is a mistake of Rehearsal itself; please report it.\n${message}`);
  if (json) news.print({ error: { code: 'internal', message: message.split('\n')[0] } });
  return 2;
}

/** @throws {Fault} `bad-usage` */
function isJson(format: string): boolean {
  if (format === 'json' || format === 'pretty') return format === 'json';
  throw new Fault('bad-usage', `--format is pretty or json, not "${format}".`);
}
