import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookDelivery } from '../provider-adapter.js';

/** Takes every webhook that comes, and keeps it. */
export interface WebhookReceiver {
  readonly url: string;
  readonly deliveries: readonly WebhookDelivery[];
  /** Waits for so many, at most 10 s. */
  received(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const deliveries: WebhookDelivery[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      deliveries.push({ headers: request.headers, rawBody: Buffer.concat(chunks) });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: AddressInfo = Object(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    deliveries,
    async received(count) {
      for (const until = Date.now() + 10_000; deliveries.length < count;) {
        if (Date.now() > until) throw new Error(`${deliveries.length} webhooks of ${count} in 10 s`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
