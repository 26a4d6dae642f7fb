/** Runs inside the extension host (`extensionTestsPath`): activates the extension by hand and writes down the times. */
import { writeFileSync } from 'node:fs';
import { extensions } from 'vscode';
import type { Activation } from './activation';

/** vscode-languageclient's `State.Running`; the package itself is the extension's own copy. */
const running = 2;

interface Client {
  readonly state: number;
  onDidChangeState(listener: (change: { newState: number }) => void): unknown;
}

export async function run(): Promise<void> {
  const extension = extensions.getExtension<{ readonly client: Client }>('rehearsal.rehearsal');
  if (!extension || extension.isActive)
    throw new Error('the extension is missing, or was activated before the clock ran');
  const started = performance.now();
  const { client } = await extension.activate();
  const activatedMs = performance.now() - started;
  await new Promise<void>((resolve) => {
    if (client.state === running) resolve();
    client.onDidChangeState(({ newState }) => {
      if (newState === running) resolve();
    });
  });
  const activation: Activation = { activatedMs, serverMs: performance.now() - started };
  writeFileSync(process.env['REHEARSAL_BENCH_RESULT'] ?? '', JSON.stringify(activation));
}
