/** Shadows that a process has left behind on a server that others use too. */
import { hostname } from 'node:os';
import { sha256 } from '../base/digest';
import { Fault } from '../base/fault';
import { isAlive } from '../base/process';
import { quoteIdentifier } from '../database/quote';
import type { Session } from '../database/session';

/** The machine, because a process id says something only there; short, because names end at 63 bytes. */
const machine = sha256(hostname()).slice(0, 8);

/** Names of shadows: this, the process id, `_` and something random. */
export const shadowPrefix = `rehearsal_shadow_${machine}_`;

/** For people who meet such a database. */
export const ownership = `A shadow of Rehearsal, of process ${process.pid} on ${hostname()}. It is dropped when that ends.`;

/** Drops those whose process on this machine is gone. One that cannot be dropped is in nobody's way. */
export async function dropOrphans(admin: Session, log: (line: string) => void): Promise<void> {
  const found = await admin.rows<{ name: string }>(
    `select datname as name from pg_catalog.pg_database
      where pg_catalog.starts_with(datname, $1) and pg_catalog.pg_get_userbyid(datdba) = session_user`,
    [shadowPrefix],
  );
  for (const { name } of found) {
    const pid = Number(/^\d+(?=_)/.exec(name.slice(shadowPrefix.length))?.[0] ?? Number.NaN);
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    const answer = await admin.run(`drop database if exists ${quoteIdentifier(name)} with (force)`);
    if (answer.kind === 'refused') log(new Fault('no-right', `${answer.refusal.message} (${name}).`).message);
  }
}
