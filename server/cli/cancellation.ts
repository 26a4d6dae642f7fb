/** Ctrl-C: the first one cancels what runs, cleanly; the second one ends the process at once. */

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Exit codes 128 + number of the signal, as shells report them. */
export function cancelOnSignals(say: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(signals)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      say('Cancelling… (once more to end at once)');
      controller.abort();
    });
  }
  return controller.signal;
}
