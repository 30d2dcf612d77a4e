import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const keepAliveMs = 60_000;

/**
 * The sockets of one kafkajs client, so that it can be ended whatever it waits for: it hears of a connection's end only by an error or by
 * its peer's farewell, and a client that was given up would else keep its membership, and its reconnecting, for minutes.
 */
export class OwnSockets {
  private readonly open = new Set<Socket>();
  private cutWith: Error | undefined;

  /** @param plain opens a socket that is not encrypted; a test puts its own in its place */
  constructor(private readonly plain: (port: number, host: string) => Socket = connect) {}

  /** For kafkajs. @throws what they were cut with, after they were */
  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.cutWith !== undefined) throw this.cutWith;
    const encrypted = ssl as typeof ssl | undefined | null;
    const socket = encrypted
      ? connectSecurely({ host, port, servername: host, ...encrypted }, onConnect)
      : this.plain(port, host).once('connect', onConnect);
    socket.setKeepAlive(true, keepAliveMs).setNoDelay(true);
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return socket;
  };

  /** Ends them, with an error that their client hears, and lets it open none any more. */
  cut(error: Error): void {
    this.cutWith ??= error;
    for (const socket of this.open) socket.destroy(error);
  }
}
