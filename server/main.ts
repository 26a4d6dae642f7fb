/** The server process. Reads top to bottom as the list of what exists; holds no logic. */
import { createEngine } from './engine/engine';
import { serve } from './language/languageServer';
import { connect } from './language/transport';
import { nodeWorld } from './world';

const { connection, onGone } = connect();
const server = serve(
  connection,
  nodeWorld({ assets: __dirname, log: (line) => connection.console.info(line) }),
  createEngine,
);
onGone(server.close);
connection.listen();
