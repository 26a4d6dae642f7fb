/** A way to a server that counts the connections that are held at once, so that none is too short to be seen. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** @param use given a connection string that leads there, and the most there ever were */
export async function withCount<T>(url: string, use: (url: string, most: () => number) => Promise<T>): Promise<T> {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  let most = 0;
  const server = createServer({ allowHalfOpen: false }, (near) => {
    const far = connect(Number(port), hostname);
    near.once('data', (first) => {
      if (isCancel(first)) return;
      open.add(near);
      most = Math.max(most, open.size);
    });
    near.on('end', () => open.delete(near));
    near.on('close', () => open.delete(near));
    join(near, far);
    join(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const counted = new URL(url);
    [counted.hostname, counted.port] = ['127.0.0.1', String((server.address() as AddressInfo).port)];
    return await use(counted.href, () => most);
  } finally {
    for (const it of open) it.destroy();
    server.close();
  }
}

/** It is no session, and over at once (PostgreSQL documentation 54.7, CancelRequest). */
const isCancel = (first: Buffer): boolean => first.length === 16 && first.readUInt32BE(4) === 80_877_102;

function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}
