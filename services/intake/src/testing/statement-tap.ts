import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Between intake and its Postgres: hears every statement that is sent. */
export interface StatementTap {
  readonly url: string;
  /** What was sent since the last time that it was asked. */
  take(): readonly string[];
  stop(): Promise<void>;
}

/** A statement's text is sent once a connection; later runs of it are told by its name alone. */
class Frontend {
  private rest = Buffer.alloc(0);
  private hasGreeted = false;
  private readonly prepared = new Map<string, string>();

  /** The statements that these bytes run. */
  *heard(data: Buffer): Generator<string> {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      // The greeting has no type before its length.
      const at = this.hasGreeted ? 1 : 0;
      if (this.rest.length < at + 4) return;
      const end = at + this.rest.readInt32BE(at);
      if (this.rest.length < end) return;
      const [type, body] = [this.rest.toString('latin1', 0, at), this.rest.subarray(at + 4, end)];
      this.rest = this.rest.subarray(end);
      this.hasGreeted = true;
      const [first = '', second = ''] = body.toString('utf8').split('\0', 2);
      if (type === 'P') this.prepared.set(first, second);
      // The portal's name comes first, and is empty.
      if (type === 'B') yield this.prepared.get(second) ?? second;
      if (type === 'Q') yield first;
    }
  }
}

export async function tapStatements(databaseUrl: string): Promise<StatementTap> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let sent: string[] = [];
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const frontend = new Frontend();
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (data: Buffer) => sent.push(...frontend.heard(data)));
    near.pipe(far).pipe(near);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href,
    take() {
      const taken = sent;
      sent = [];
      return taken;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
