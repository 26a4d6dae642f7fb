/**
 * Who sqitch takes its user for: planner of a new change, committer of what is deployed.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch.pm, lib/App/Sqitch/Config.pm.
 */
import { hostname, userInfo } from 'node:os';
import type { ToolSettings } from './layout';
import { type SqitchConfig, type SqitchSettings, sqitchConfigOf, sqitchSettingsIn, usualPlaces } from './sqitchConfig';
import type { Person } from './sqitchIds';

export type SqitchSurroundings = Pick<ToolSettings, 'environment' | 'read'>;

/** What the project is told, with what its user and the machine tell all projects. */
export function sqitchSettings({ environment, read }: SqitchSurroundings): SqitchSettings {
  const others = personalFiles(environment).map((path) => (path === undefined ? undefined : read(path)));
  const found = sqitchSettingsIn(read, others);
  return found ?? { config: sqitchConfigOf(others), places: usualPlaces, home: '' };
}

export function sqitchUser({ environment, read }: SqitchSurroundings, config: SqitchConfig): Person {
  const account = environment['SQITCH_ORIG_SYSUSER'] || nameOfAccount();
  const name =
    environment['SQITCH_FULLNAME'] ||
    config.get('user.name') ||
    environment['SQITCH_ORIG_FULLNAME'] ||
    fullName(read('/etc/passwd'), account) ||
    account;
  const email =
    environment['SQITCH_EMAIL'] ||
    config.get('user.email') ||
    environment['SQITCH_ORIG_EMAIL'] ||
    `${account}@${hostname()}`;
  // sqitch refuses such names; what is written has to be readable for it.
  return { name: name.replace(/^\[+/, '').replaceAll('<', ''), email: email.replaceAll('>', '') };
}

/** Absolute; that of the machine first. */
function personalFiles(environment: ToolSettings['environment']): readonly (string | undefined)[] {
  const { SQITCH_SYSTEM_CONFIG: system, SQITCH_USER_CONFIG: user, HOME: home } = environment;
  return [system || '/etc/sqitch/sqitch.conf', user || (home ? `${home}/.sqitch/sqitch.conf` : undefined)];
}

/** A user without an entry on this system (in a container) has none. */
function nameOfAccount(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return 'unknown';
  }
}

/** The fifth field of the account. */
const fullName = (passwd: string | undefined, account: string): string | undefined =>
  passwd
    ?.split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === account)?.[4];
