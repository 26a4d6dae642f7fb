/** `rehearsal drift`: in what a database is another one than what its applied migrations make, and what is done about it. */
import { Fault } from '../../engine/base/fault';
import { commonOptions, consentOptions, type OptionName, rehearsalOptions, snapshotOptions } from '../options';
import { chosenDrift, ignoreDrift, showDrift, undoDrift, writeDriftMigration } from '../drift';
import { oneProject } from '../projects';
import type { Values } from '../arguments';
import type { Command } from './command';

export const drift: Command = {
  name: 'drift',
  words: '[object…]',
  changes: true,
  options: [
    'ignore',
    'reason',
    'write-migration',
    'record',
    'undo',
    'no-snapshot',
    ...snapshotOptions,
    ...consentOptions,
    ...commonOptions,
    ...rehearsalOptions.filter((it) => it !== 'data-limit'),
  ],
  says: 'compare the database with what its applied migrations make',
  more: [
    'The applied migrations are replayed from nothing on a shadow, as they were applied, and its schema is compared with',
    'that of the database, object by object: - as the migrations make it, + as it is. Objects may be named as they are',
    'listed (public.orders, or "TABLE public.orders"), or without their schema; then nothing is said of others.',
    '',
    '--write-migration makes a new migration of it, proved on a shadow; --record says in the history of the tool that this',
    'database has it. --undo takes it back on the database: what is run and what is lost is shown first, and a snapshot is',
    'taken. What --ignore writes into .rehearsal/ignored-drift.json is left as it is until it changes once more.',
  ].join('\n'),
  exits: {
    0: 'there is no drift, or all of it is ignored; or what was asked about it is done',
    1: 'there is drift, Postgres refused a statement, or you did not agree',
    2: 'it could not be told for certain, or not be done',
  },
  examples: [
    'rehearsal drift',
    'rehearsal drift public.tmp --ignore --reason "a test"',
    'rehearsal drift --write-migration "index of the report" --record',
    'rehearsal drift public.tmp --undo',
  ],
  async run(call) {
    checkOptions(call.values);
    const project = await oneProject(call);
    const { progress, step } = call.terminal;
    const isLong = call.values.undo || call.values['write-migration'] !== undefined;
    (isLong ? step : progress)('Replaying what is applied…');
    const found = chosenDrift(await project.drift(call.signal), call.words);
    call.terminal.progress(undefined);
    if (call.values.ignore) return ignoreDrift(project, found, call);
    if (call.values.undo) return undoDrift(project, found, call);
    const title = call.values['write-migration'];
    return title === undefined ? showDrift(project, found, call) : writeDriftMigration(project, found, title, call);
  },
};

/** @throws {Fault} `bad-usage` */
function checkOptions(values: Values): void {
  const ways = (['ignore', 'write-migration', 'undo'] as const).filter((it) => values[it] !== undefined);
  if (ways.length > 1) throw new Fault('bad-usage', `--${ways[0] ?? ''} and --${ways[1] ?? ''} exclude each other.`);
  const parts: readonly (readonly [OptionName, OptionName, string])[] = [
    ['reason', 'ignore', 'says why something is ignored'],
    ['record', 'write-migration', 'records the migration that is written'],
    ['no-snapshot', 'undo', 'is about what is undone'],
  ];
  for (const [part, whole, says] of parts)
    if (values[part] !== undefined && values[whole] === undefined)
      throw new Fault('bad-usage', `--${part} ${says}: it goes with --${whole}.`);
}
