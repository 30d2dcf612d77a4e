import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A call as the vendor saw it. */
export interface VendorCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What the vendor answers; `cut` destroys the socket: before a byte of the answer, or in the middle of its body. */
export interface VendorReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly cut?: 'before' | 'within';
  readonly afterMs?: number;
}

/** `data` as JSON with this status. */
export const json = (
  status: number,
  data: unknown,
  headers: Readonly<Record<string, string>> = {},
): VendorReply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(data),
});

/** The error envelope that the simulator's protocol gives for a refusal. */
export const refusal = (
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): VendorReply => json(status, { error: { code, message: `said ${code}` } }, headers);

type Script = (call: VendorCall) => VendorReply | Promise<VendorReply>;

/** Speaks the simulator's protocol over HTTP and says whatever a test wants said: what no honest vendor would. */
export class VendorDouble {
  readonly calls: VendorCall[] = [];
  /** How many connections were opened to it. */
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private script: Script = () => json(500, {});
  private constructor(private readonly server: Server) {}

  /** At this port of the loopback; 0: a free one. */
  static async start(port = 0): Promise<VendorDouble> {
    const server = createServer();
    const double = new VendorDouble(server);
    server.on('request', (request, response) => {
      void (async () => {
        const call = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body: (await buffer(request)).toString('utf8'),
          at: Date.now(),
        };
        double.calls.push(call);
        const { status, headers, body = '', cut, afterMs = 0 } = await double.script(call);
        if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
        if (cut === 'before') return response.destroy();
        response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
        if (cut === undefined) return response.end(body);
        response.write(body.slice(0, body.length / 2));
        return setTimeout(() => response.destroy(), 20);
      })();
    });
    server.on('connection', (socket) => {
      double.connections += 1;
      double.sockets.add(socket);
    });
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return double;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** From now on it answers so. */
  says(script: Script): void {
    this.script = script;
    this.calls.length = 0;
  }

  /** The submits that arrived. */
  get submits(): readonly VendorCall[] {
    return this.calls.filter(({ method, path }) => method === 'POST' && path === '/v1/jobs');
  }

  /** Closes the connections that are open. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
