/**
 * Stands between our sessions and a server, and counts the messages that we send: at one of them something happens, before
 * the server gets it, or when its answer begins. A database is only ever changed by a message, so that this meets every step.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Moment {
  /** Number of the message since `arm`, from 1. */
  readonly message: number;
  readonly side: 'before' | 'behind';
}

/** The server knows the session by the port that the proxy has at its side. */
export type Strike = (port: number) => Promise<void>;

/** A class because it holds sockets, which it cuts. */
export class Proxy {
  private count = 0;
  private moment: Moment | undefined;
  private strike: Strike = async () => {};
  private onMessage = (): void => {};
  private isCut = false;
  private underWay: Promise<void> = Promise.resolve();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly to: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (client) => this.join(client));
  }

  static async before(to: { readonly host: string; readonly port: number }): Promise<Proxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Proxy(server, (server.address() as AddressInfo).port, to);
  }

  /**
   * @param moment undefined where nothing is to happen and messages are only counted
   * @param onMessage called before each is sent on
   */
  arm(moment: Moment | undefined, strike: Strike, onMessage: () => void = () => {}): void {
    this.count = 0;
    this.onMessage = onMessage;
    this.moment = moment;
    this.strike = strike;
    this.underWay = Promise.resolve();
  }

  /** What is under way waits for a moment, then all connections end and nobody gets through any more. */
  async cut(): Promise<void> {
    this.isCut = true;
    await delay(stallMs);
    for (const socket of this.sockets) socket.destroy();
  }

  /** What has happened at the moment is over; what went wrong in it is thrown. */
  settled(): Promise<void> {
    return this.underWay;
  }

  /** As in the beginning. */
  heal(): void {
    this.isCut = false;
    this.moment = undefined;
    this.onMessage = () => {};
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(client: Socket): void {
    if (this.isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(this.to);
    let isStruckByAnswer = false;
    const end = (): void => {
      for (const socket of [client, upstream]) socket.destroy();
    };
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end).on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => {
      this.onMessage();
      const moment = this.moment?.message === ++this.count ? this.moment : undefined;
      if (moment?.side === 'behind') isStruckByAnswer = true;
      if (moment?.side === 'before') this.underWay = this.striking(client, upstream, () => upstream.write(chunk), end);
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (!isStruckByAnswer) client.write(chunk);
      else {
        isStruckByAnswer = false;
        this.underWay = this.striking(upstream, client, () => client.write(chunk), end);
      }
    });
  }

  /** Nothing of what comes behind overtakes it. */
  private async striking(from: Socket, to: Socket, goOn: () => void, end: () => void): Promise<void> {
    from.pause();
    const [one, other] = [from.localPort, to.localPort];
    const port = from.remotePort === this.to.port ? one : other;
    this.moment = undefined;
    await this.strike(port ?? 0);
    if (this.isCut || to.destroyed) end();
    else {
      goOn();
      from.resume();
    }
  }
}

/** As long as a lost network is waited for before it is known to be lost. */
const stallMs = 50;
