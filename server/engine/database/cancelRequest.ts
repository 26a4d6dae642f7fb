/** The cancel request of the Postgres protocol: a connection of its own that says which backend to interrupt. */
import { type Socket, createConnection } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { isIP } from 'node:net';
import { type Host, isSocket } from './parameters';

const patienceMs = 5_000;
const sslRequestCode = 80_877_103;
const cancelRequestCode = 80_877_102;

/** What the server told at the login. */
export interface BackendKey {
  readonly processID: number;
  readonly secretKey: number;
}

/**
 * Resolves when the server has closed the connection: by then it has sent the signal to the backend
 * (Postgres documentation, "Canceling Requests in Progress"). The request goes the way of the connection it is for,
 * because what stands between (a proxy, a pooler) may let nothing else through.
 */
export async function sendCancelRequest(
  host: Host,
  tls: ConnectionOptions | undefined,
  direct: boolean,
  { processID, secretKey }: BackendKey,
): Promise<void> {
  const where = host.address ?? host.name;
  const plain = isSocket(host)
    ? createConnection(`${where}/.s.PGSQL.${host.port}`)
    : createConnection(host.port, where);
  plain.setTimeout(patienceMs, () => plain.destroy(new Error('the cancel request got no answer')));
  const closed = ending(plain);
  plain.once('connect', () => {
    if (!tls) return void plain.end(words(cancelRequestCode, processID, secretKey));
    const secure = (): void => {
      const servername = isIP(where) === 0 ? { servername: where } : {};
      const alpn = direct ? { ALPNProtocols: ['postgresql'] } : {};
      const socket = connectTls({ host: where, ...tls, ...servername, ...alpn, socket: plain });
      socket.once('error', (error) => plain.destroy(error));
      socket.once('secureConnect', () => socket.end(words(cancelRequestCode, processID, secretKey)));
    };
    if (direct) return secure();
    plain.once('data', (answer) => {
      if (answer.toString('latin1') === 'S') secure();
      else plain.destroy(new Error('the server offers no TLS for the cancel request'));
    });
    return void plain.write(words(sslRequestCode));
  });
  await closed;
}

function ending(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('close', () => resolve());
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // The server does not wait for us to say goodbye.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve();
      else reject(error);
    });
  });
}

/** A message without a type byte: its length and then its words, 32 bits each. */
function words(...values: readonly number[]): Buffer {
  const message = Buffer.alloc(4 + 4 * values.length);
  message.writeInt32BE(message.length);
  values.forEach((value, index) => message.writeInt32BE(value, 4 + 4 * index));
  return message;
}
