/** `rehearsal new`: writes the files of a new migration, named and begun as its tool wants them. */
import { Fault } from '../../engine/base/fault';
import { commonOptions } from '../options';
import { callPlaces, oneProject } from '../projects';
import { jsonProject } from '../render/json';
import type { Command } from './command';

export const newMigration: Command = {
  name: 'new',
  words: '<title…>',
  options: commonOptions,
  says: 'write the files of a new migration',
  more: 'Its version follows the newest one, or is the time of day, as the tool of the folder has it.',
  exits: { 0: 'written' },
  examples: ['rehearsal new add coupons to orders'],
  async run(call) {
    const title = call.words.join(' ').trim();
    if (title === '')
      throw new Fault('bad-usage', 'rehearsal new wants a title, for example: rehearsal new add coupons.');
    const project = await oneProject(call);
    const places = callPlaces(call);
    const path = places.path(project.create(title).path);
    if (call.json) call.print({ ...jsonProject(project, places), path });
    else call.terminal.out(`${path}\n`);
    return 0;
  },
};
