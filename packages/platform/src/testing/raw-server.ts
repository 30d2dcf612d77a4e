import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** One connection as the server saw it. */
export interface SeenConnection {
  readonly socket: Socket;
  /** Bytes that arrived. */
  bytes: number;
  /** Request heads that arrived. */
  requests: string[];
}

export interface RawServer {
  readonly port: number;
  readonly url: string;
  readonly connections: readonly SeenConnection[];
  /** Every request head of every connection, in order of arrival. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** A TCP server that answers each request head with whatever `answer` writes to the socket: also what HTTP forbids. */
export async function startRawServer(
  answer: (socket: Socket, head: string, index: number, body: string) => void,
): Promise<RawServer> {
  const connections: SeenConnection[] = [];
  const requests: string[] = [];
  const server = createServer((socket) => {
    const seen: SeenConnection = { socket, bytes: 0, requests: [] };
    connections.push(seen);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      seen.bytes += chunk.length;
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        const body = text.slice(end + 4, end + 4 + length);
        text = text.slice(end + 4 + length);
        seen.requests.push(head);
        requests.push(head);
        answer(socket, head, requests.length - 1, body);
      }
    });
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections,
    requests,
    stop: async () => {
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
