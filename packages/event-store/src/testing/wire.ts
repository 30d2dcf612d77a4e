import { connect, createServer, type Server, type Socket } from 'node:net';

/** Between the store and Postgres; can swallow the next answers and cut their connections. */
export interface Wire {
  readonly url: string;
  /** Statements reach the server, their answers get lost, so many times. */
  loseAnswers(count: number): void;
  /** Sessions that listen hear nothing any more, and nobody tells them: as behind a pool, or a half-open connection. */
  deafen(): void;
  /** Ends the connections that are open; the next ones get through. */
  snap(): void;
  /** Nothing gets through any more. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** A TCP proxy of the test's own to the Postgres of this URL. */
export async function wireTo(url: string): Promise<Wire> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let losing = 0;
  let isCut = false;
  let isDeaf = false;
  const server: Server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    if (isCut) near.destroy();
    let asked = false;
    let listens = false;
    near.on('data', (data: Buffer) => {
      // A statement with our text: not the greeting, which is to succeed.
      asked ||= data.includes('event_store.');
      listens ||= data.includes('LISTEN event_store_appended');
      far.write(data);
    });
    far.on('data', (data: Buffer) => {
      if (isDeaf && listens) return;
      if (losing > 0 && asked) {
        losing -= 1;
        near.destroy();
      } else near.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: Object.assign(new URL(url), { port: String(address.port) }).href,
    loseAnswers: (count) => (losing = count),
    deafen: () => (isDeaf = true),
    snap() {
      for (const socket of sockets) socket.destroy();
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => (isCut = false),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
