/** A database on a server, named by its connection parameters. */
import type { Database } from './database';
import { type ConnectionParameters, idOf, isLocal, labelOf } from './parameters';
import { dumpServer, dumpWithRows } from './dump';
import { openSession } from './postgres';

/** @param assets folder with the bundled workers and WebAssembly files, for `dump` */
export function serverDatabase(parameters: ConnectionParameters, assets: string): Database {
  return {
    id: idOf(parameters),
    label: labelOf(parameters),
    name: parameters.database,
    local: isLocal(parameters),
    engine: 'server',
    open: (_, signal) => openSession(parameters, signal),
    dump: (signal) => dumpServer(parameters, assets, signal),
    dumpWithRows: (signal) => dumpWithRows(parameters, assets, signal),
  };
}
