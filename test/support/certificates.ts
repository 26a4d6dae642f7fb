/** Certificates for tests, made by the openssl program: an authority of our own, and what it signs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  /** PEM texts. */
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Pair {
  /** @param names what the certificate is for: `DNS:localhost`, `IP:127.0.0.1`; none for a client */
  sign(commonName: string, names: readonly string[]): Pair;
}

export function newAuthority(commonName: string): Authority {
  return inFolder((folder) => {
    const made = ['-x509', '-days', '2', '-subj', `/CN=${commonName}`, '-addext', 'basicConstraints=critical,CA:TRUE'];
    openssl(folder, ['req', ...newKey, ...made, '-keyout', 'key', '-out', 'certificate']);
    const own = pairIn(folder);
    return { ...own, sign: (name, names) => sign(own, name, names) };
  });
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function sign(authority: Pair, commonName: string, names: readonly string[]): Pair {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'ca'), authority.certificate);
    writeFileSync(join(folder, 'ca.key'), authority.key);
    writeFileSync(join(folder, 'extensions'), names.length > 0 ? `subjectAltName=${names.join(',')}\n` : '');
    openssl(folder, ['req', ...newKey, '-subj', `/CN=${commonName}`, '-keyout', 'key', '-out', 'request']);
    const by = ['-CA', 'ca', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'extensions'];
    openssl(folder, ['x509', '-req', '-in', 'request', ...by, '-out', 'certificate']);
    return pairIn(folder);
  });
}

const openssl = (cwd: string, args: readonly string[]): unknown =>
  execFileSync('openssl', args, { cwd, stdio: 'pipe' });

const pairIn = (folder: string): Pair => ({
  certificate: readFileSync(join(folder, 'certificate'), 'utf8'),
  key: readFileSync(join(folder, 'key'), 'utf8'),
});

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'rehearsal-certificates-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
