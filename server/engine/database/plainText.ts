/**
 * Values as texts that mean the same to every server: to the last digit, and names with their schemas. A database without
 * an encoding may hold what is no text in ours, and gives and takes it as it is.
 */
import { Fault } from '../base/fault';
import { faultCodeOf } from './refusedFault';
import type { Session } from './session';

export const bytesAsTheyAre = `select set_config('client_encoding', 'SQL_ASCII', false)
  where current_setting('server_encoding') = 'SQL_ASCII'`;

export const plainText = `
  set search_path = pg_catalog; set datestyle = iso; set intervalstyle = postgres; set extra_float_digits = 3;
  set bytea_output = hex; set xmloption = content; set lc_monetary = 'C';
  ${bytesAsTheyAre}`;

/**
 * Runs statements of our own about rows of the user: the detail of a refusal, which would hold their values, is left out.
 *
 * @throws {Fault} `no-right`, `busy`, `disk-full`, `refused`
 */
export async function demand(session: Session, sql: string): Promise<void> {
  const answer = await session.run(sql);
  if (answer.kind === 'refused') throw rowsFault(answer.refusal.sqlState, answer.refusal.message);
}

export const rowsFault = (sqlState: string, what: string): Fault =>
  new Fault(faultCodeOf(sqlState), `${what} (${sqlState}).`);
