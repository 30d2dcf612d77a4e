import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server's way to its clients that can be told to answer for it: 503, as one that is overloaded. */
export interface HttpLink {
  readonly url: string;
  isOverloaded: boolean;
  /** Requests that were answered with 503. */
  readonly refused: number;
  stop(): Promise<void>;
}

/** Passes requests on as they are, their Host included: a signature covers it. */
export async function httpLink(upstream: string): Promise<HttpLink> {
  const { hostname, port } = new URL(upstream);
  let isOverloaded = false;
  let refused = 0;
  const server = createServer((near, answer) => {
    if (isOverloaded) {
      refused += 1;
      near.resume();
      answer.writeHead(503, { connection: 'close' }).end('<Error><Code>SlowDown</Code></Error>');
      return;
    }
    const far = httpRequest(
      { host: hostname, port, method: near.method, path: near.url, headers: near.headers, setHost: false },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
        response.pipe(answer);
      },
    );
    far.on('error', () => answer.destroy());
    near.on('error', () => far.destroy());
    near.pipe(far);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get isOverloaded() {
      return isOverloaded;
    },
    set isOverloaded(is) {
      isOverloaded = is;
    },
    get refused() {
      return refused;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
