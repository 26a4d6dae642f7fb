/** The texts of --help. */
import type { Command, Exits } from './commands/command';
import { type OptionName, options } from './options';

export function helpOfAll(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((it) => it.name.length));
  return `Rehearsal runs PostgreSQL migrations on a throw-away copy of the schema before they are applied.

Usage: rehearsal <command> [options]

${commands.map(({ name, says }) => `  ${name.padEnd(width)}  ${says}`).join('\n')}

rehearsal <command> --help tells more. With no --database, DATABASE_URL of the environment or of .env is used, and
without one an embedded Postgres. No command asks questions where there is no terminal.
Embedded databases and dump files are kept in a folder of the user, or in the one that REHEARSAL_HOME names.
`;
}

export function helpOf({ name, words, says, more, examples, exits, options: names }: Command): string {
  return `rehearsal ${name}: ${says}

Usage: rehearsal ${name}${words === undefined ? '' : ` ${words}`} [options]

${more}

${optionLines(names).join('\n')}

Exit codes

${exitLines(exits).join('\n')}

${examples.map((it) => `  $ ${it}`).join('\n')}
`;
}

function exitLines(exits: Exits): readonly string[] {
  const meanings = { 2: 'it could not be done', 130: 'cancelled', ...exits };
  return Object.entries(meanings).map(([code, means]) => `  ${code.padEnd(3)}  ${means}`);
}

function optionLines(names: readonly OptionName[]): readonly string[] {
  const known = Object.keys(options).filter((name): name is OptionName => names.some((it) => it === name));
  const left = known.map((name) => {
    const option = options[name];
    const short = 'short' in option ? `-${option.short}, ` : '    ';
    return `  ${short}--${name}${'value' in option ? ` ${option.value}` : ''}`;
  });
  const width = Math.max(...left.map((it) => it.length));
  return known.map((name, index) => `${(left[index] ?? '').padEnd(width)}  ${options[name].says}`);
}
