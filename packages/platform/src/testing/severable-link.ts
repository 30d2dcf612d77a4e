import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP link that can be cut and joined again, as a database that goes away. */
export interface SeverableLink {
  readonly port: number;
  /** Cuts what is open; from then on every connection is cut at once. */
  cut(): void;
  /** Nothing gets through any more, and nobody is told: connections stand, and new ones are taken. */
  hold(): void;
  join(): void;
  stop(): Promise<void>;
}

/**
 * @param hears asked for at each connection: is told what is sent to the target
 */
export async function severableLink(
  target: { host: string; port: number },
  hears?: () => (sent: Buffer) => void,
): Promise<SeverableLink> {
  const sockets = new Set<Socket>();
  let whole = true;
  let held = false;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = connect(target);
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
    if (hears) near.on('data', hears());
    near.pipe(far).pipe(near);
    if (held) for (const socket of [near, far]) socket.cork();
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      whole = false;
      cutAll();
    },
    hold() {
      held = true;
      // What is written to a corked socket stays where it is.
      for (const socket of sockets) socket.cork();
    },
    join() {
      [whole, held] = [true, false];
      for (const socket of sockets) socket.uncork();
    },
    async stop() {
      whole = false;
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}
