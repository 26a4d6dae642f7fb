/** Shows how far the server is with an apply, a revert, a snapshot or a restore, and lets the user cancel while that undoes it all. */
import {
  type CancellationToken,
  CancellationTokenSource,
  type Disposable,
  EventEmitter,
  ProgressLocation,
  window,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { ProgressNotification, type ProgressParams } from '../server/protocol/messages';

export interface ServerProgress extends Disposable {
  /** @param send gets the name under which the server reports, and the user's cancellation */
  show<T>(title: string, send: (id: string, token: CancellationToken) => Promise<T>): Promise<T>;
}

export function followProgress(client: LanguageClient): ServerProgress {
  const steps = new EventEmitter<ProgressParams>();
  const listening = client.onNotification(ProgressNotification, (step) => steps.fire(step));
  let shown = 0;
  return {
    async show(title, send) {
      const id = String(++shown);
      const cancellation = new CancellationTokenSource();
      const work = send(id, cancellation.token);
      try {
        let next: ProgressParams | undefined = { progress: id, message: '', cancellable: true };
        while (next) next = await showWhile(title, next, work, steps, cancellation);
        return await work;
      } finally {
        cancellation.dispose();
      }
    },
    dispose() {
      listening.dispose();
      steps.dispose();
    },
  };
}

/** A commit of some milliseconds is not worth another notification; who presses Cancel meanwhile stops what comes after. */
const patienceMs = 300;

/**
 * One notification. It cannot lose its Cancel button: at the point of no return another one takes its place.
 *
 * @returns the step that the next notification begins with; undefined when the work is done
 */
async function showWhile(
  title: string,
  first: ProgressParams,
  work: Promise<unknown>,
  steps: EventEmitter<ProgressParams>,
  cancellation: CancellationTokenSource,
): Promise<ProgressParams | undefined> {
  const { cancellable } = first;
  return window.withProgress({ location: ProgressLocation.Notification, title, cancellable }, (bar, token) => {
    let percent = 0;
    const report = ({ message, fraction }: ProgressParams): void => {
      const increment = fraction === undefined ? 0 : fraction * 100 - percent;
      percent += increment;
      bar.report(increment > 0 ? { message, increment } : { message });
    };
    report(first);
    token.onCancellationRequested(() => cancellation.cancel());
    return new Promise((resolve) => {
      let swap: NodeJS.Timeout | undefined;
      const finish = (step: ProgressParams | undefined): void => {
        clearTimeout(swap);
        listening.dispose();
        resolve(step);
      };
      const listening = steps.event((step) => {
        if (step.progress !== first.progress) return;
        clearTimeout(swap);
        report(step);
        if (step.cancellable !== cancellable) swap = setTimeout(() => finish(step), patienceMs);
      });
      work.then(
        () => finish(undefined),
        () => finish(undefined),
      );
    });
  });
}
