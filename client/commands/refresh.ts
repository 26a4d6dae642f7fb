/** Looks at files and databases anew; starts the server again when it went down for good. */
import type { Command } from './command';

export const refresh: Command = {
  id: 'rehearsal.refresh',
  async run({ client, projects }) {
    if (!client.isRunning()) await client.start();
    await projects.refresh();
  },
};
