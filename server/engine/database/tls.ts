/** How `sslmode` and its companions become options of Node's TLS. */
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { type ConnectionParameters, type Host, type SslMode, isSocket } from './parameters';

/** Whether to use TLS in the first try and in the second, if there is one. Sockets never use it, as in libpq. */
export const tlsAttempts = ({ tls }: ConnectionParameters, host: Host): readonly boolean[] =>
  isSocket(host) ? [false] : attemptsByMode[tls.mode];

const attemptsByMode: Readonly<Record<SslMode, readonly boolean[]>> = {
  disable: [false],
  allow: [false, true],
  prefer: [true, false],
  require: [true],
  'verify-ca': [true],
  'verify-full': [true],
};

/**
 * `require` with a root certificate checks it as `verify-ca` does, for libpq does so too
 * (Postgres documentation, "SSL Support", 32.19.1).
 */
export function tlsOptions({ tls }: ConnectionParameters, host: Host): ConnectionOptions {
  const { mode, ca, crl, certificate, key, keyPassword } = tls;
  const verified = mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && ca !== undefined);
  return {
    rejectUnauthorized: verified,
    checkServerIdentity: (_, peer) => (mode === 'verify-full' ? checkServerIdentity(host.name, peer) : undefined),
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(keyPassword === undefined ? {} : { passphrase: keyPassword }),
    ...(host.address !== undefined && tls.serverNameIndication ? { servername: host.name } : {}),
  };
}
