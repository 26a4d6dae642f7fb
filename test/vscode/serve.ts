/**
 * Serves a folder in the VS Code server with the extension loaded, until it is interrupted.
 *
 *     node --import=tsx test/vscode/serve.ts <folder>
 */
import { join, resolve } from 'node:path';
import { startCodeServer } from './host/codeServer';

const root = join(__dirname, '../..');

async function main(folder: string): Promise<void> {
  const server = await startCodeServer({
    folder: join(root, '.vscode-host/profile'),
    workspace: resolve(folder),
    environment: { REHEARSAL_HOME: process.env['REHEARSAL_HOME'] ?? join(folder, '.rehearsal') },
  });
  console.log('\nVS Code serves the project at');
  console.log(`  ${server.url([['extensionDevelopmentPath', server.remote(root)]])}`);
  console.log('Ctrl-C ends it.');
}

void main(process.argv[2] ?? '.');
