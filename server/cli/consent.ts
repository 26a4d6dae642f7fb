/** What the user agrees to before a database is changed: asked on a terminal, said by options in a script. */
import { Fault } from '../engine/base/fault';
import { isProduction } from '../engine/environments';
import type { Consent, TargetInfo } from '../engine/project';
import type { Call } from './commands/command';

/**
 * Who has to add --yes should not hear afterwards that there is no such snapshot: called when it is known what will
 * be done, and before anything that takes long.
 *
 * @param target what will be changed
 * @throws {Fault} `no-terminal` when nobody can be asked and nothing was agreed to; `remote-target`,
 *   `production-target` when its name is missing and will not be asked for, or is another one
 */
export function mustBeAnswerable({ terminal, values }: Call, target?: TargetInfo): void {
  if (!values.yes && !terminal.interactive) throw new Fault('no-terminal', 'nothing was done.');
  if (target && isAgreedToByName(target) && (values.yes || values.confirm !== undefined))
    demandName(values.confirm, target);
}

const isAgreedToByName = (target: TargetInfo): boolean => !target.local || isProduction(target);

function demandName(name: string | undefined, target: TargetInfo): string {
  if (name === target.name) return name;
  const wrong = name === undefined ? '' : ` "${name}" is another name.`;
  const code = isProduction(target) ? 'production-target' : 'remote-target';
  throw new Fault(code, `${target.label}.${wrong} Add --confirm ${target.name} if it is the right one.`);
}

/**
 * A target on another machine, or in production, is agreed to by its name, any other by `y`.
 *
 * @returns undefined when the user does not agree
 * @throws {Fault} as mustBeAnswerable; `remote-target`, `production-target` when the name is missing or another one
 */
export async function consentTo(question: string, target: TargetInfo, call: Call): Promise<Consent | undefined> {
  const { terminal, values, signal } = call;
  mustBeAnswerable(call, target);
  const disconnect = values.disconnect ?? false;
  if (!isAgreedToByName(target)) {
    return values.yes || (await agrees(`${question} [y/N] `, call)) ? { disconnect } : undefined;
  }
  let confirmedName = values.confirm;
  if (confirmedName === undefined && !values.yes) {
    confirmedName = (
      await terminal.ask(
        `${question}\n${isProduction(target) ? 'It is in production' : 'It is not on this machine'}. Type its name to go on: `,
        signal,
      )
    )?.trim();
    if (!confirmedName) return undefined;
  }
  return { disconnect, confirmedName: demandName(confirmedName, target) };
}

/**
 * For what changes nothing yet, and is still worth a question.
 *
 * @throws {Fault} as mustBeAnswerable
 */
export async function isAgreedTo(question: string, call: Call): Promise<boolean> {
  mustBeAnswerable(call);
  return call.values.yes === true || agrees(`${question} [y/N] `, call);
}

interface Busy {
  readonly kind: 'busy';
  readonly sessions: readonly string[];
}

/**
 * Tries, and when others are connected tries again with their end agreed to.
 *
 * @returns undefined when the user does not agree
 * @throws {Fault} `busy` when nobody can be asked
 */
export async function unlessBusy<Result extends { readonly kind: string }>(
  attempt: (consent: Consent) => Promise<Result>,
  consent: Consent,
  call: Call,
): Promise<Exclude<Result, Busy> | undefined> {
  const result = await attempt(consent);
  if (!isBusy(result)) return result as Exclude<Result, Busy>;
  const sessions = result.sessions.map((it) => `\n  ${it}`).join('');
  if (consent.disconnect || call.values.yes || !call.terminal.interactive) {
    const advice = consent.disconnect ? '' : ' Add --disconnect to end these sessions.';
    throw new Fault('busy', `${result.sessions.join('; ')}.${advice}`);
  }
  const agreed = await agrees(`The database is in use by others:${sessions}\nDisconnect them? [y/N] `, call);
  return agreed ? unlessBusy(attempt, { ...consent, disconnect: true }, call) : undefined;
}

const isBusy = (result: { readonly kind: string }): result is Busy => result.kind === 'busy';

const agrees = async (question: string, { terminal, signal }: Call) =>
  /^y(es)?$/i.test(((await terminal.ask(question, signal)) ?? '').trim());
