/** The server process. Reads top to bottom as the list of what exists; holds no logic. */
import { createEngine } from './engine/engine';
import { serve } from './language/languageServer';
import { tellOn } from './language/news';
import { connect } from './language/transport';
import { nodeWorld } from './world';

const { connection, onGone } = connect();
const world = nodeWorld({
  assets: __dirname,
  log: (line) => connection.console.info(line),
  tell: tellOn(connection),
});
const server = serve(connection, world, createEngine, { retryMs: 5_000 });
onGone(server.close);
connection.listen();
