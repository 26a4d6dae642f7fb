/** Shows the log channel. */
import type { Command } from './command';

export const showLog: Command = {
  id: 'rehearsal.showLog',
  needsTrust: false,
  async run({ log }) {
    log.show();
  },
};
