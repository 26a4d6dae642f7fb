/** Servers that are there and say nothing (any more), as behind a proxy or a firewall that has forgotten a connection. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Silence {
  /** Connection string. */
  readonly url: string;
  /** Resolves when somebody waits for an answer that does not come. */
  readonly waitedFor: Promise<void>;
}

/** Takes connections, and answers nothing at all. */
export async function withMute<T>(use: (mute: Silence) => Promise<T>): Promise<T> {
  let heard = (): void => undefined;
  const waitedFor = new Promise<void>((resolve) => (heard = resolve));
  return withServer(
    (near) => [near.once('data', heard)],
    (port) => use({ url: `postgres://me:secret@127.0.0.1:${port}/shop`, waitedFor }),
  );
}

/**
 * A way to the server at this URL that forwards nothing any more as soon as somebody has said `word`.
 *
 * @param of all sessions, or only the one that has said it
 */
export async function withSilence<T>(
  url: string,
  word: string,
  use: (silence: Silence) => Promise<T>,
  of: 'all' | 'speaker' = 'all',
): Promise<T> {
  const { hostname, port } = new URL(url);
  let fallSilent = (): void => undefined;
  const silent = new Set<Socket | 'all'>();
  const waitedFor = new Promise<void>((resolve) => (fallSilent = resolve));
  const proxy = (near: Socket): readonly Socket[] => {
    const far = connect(Number(port), hostname);
    const isSilent = () => silent.has('all') || silent.has(near);
    near.on('data', (data) => {
      if (data.includes(word)) {
        silent.add(of === 'all' ? 'all' : near);
        fallSilent();
      }
      if (!isSilent()) far.write(data);
    });
    far.on('data', (data) => {
      if (!isSilent()) near.write(data);
    });
    near.on('close', () => far.destroy());
    return [near, far];
  };
  return withServer(proxy, (through) => {
    const silence = new URL(url);
    [silence.hostname, silence.port] = ['127.0.0.1', String(through)];
    return use({ url: silence.href, waitedFor });
  });
}

async function withServer<T>(take: (near: Socket) => readonly Socket[], use: (port: number) => Promise<T>): Promise<T> {
  const sockets: Socket[] = [];
  const server: Server = createServer((near) => {
    const taken = take(near);
    sockets.push(...taken);
    for (const it of taken) it.on('error', () => it.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    for (const it of sockets) it.destroy();
    server.close();
  }
}
