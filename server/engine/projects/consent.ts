/** The door that everything goes through that changes a target: is it allowed at all, and did the user name it? */
import { Fault } from '../base/fault';
import { isProduction } from '../environments';
import { readOnlyFault } from './environments';
import type { Target } from './target';

/**
 * @throws {Fault} `read-only-target`; `remote-target`, `production-target` unless the user has confirmed the name of
 *   a target on another machine, or of one in production
 */
export function demandConsent(target: Target, confirmedName: string | undefined): void {
  const { info } = target;
  demandWritable(target);
  if ((info.local && !isProduction(info)) || confirmedName === info.name) return;
  throw new Fault(
    isProduction(info) ? 'production-target' : 'remote-target',
    `${info.label} can only be changed after its name (${info.name}) was confirmed.`,
  );
}

/** For what needs no name: a snapshot of it. @throws {Fault} `read-only-target` */
export function demandWritable(target: Target): void {
  if (target.info.environment?.readOnly) throw readOnlyFault(target);
}
