import type { FastifyInstance } from 'fastify';
import { metricsText } from '../telemetry/start-metrics.js';

/** Where Prometheus looks: no key, as it says nothing of any tenant; what may reach it is the network's to decide. */
export function serveMetrics(fastify: FastifyInstance): void {
  fastify.get('/metrics', async (_, reply) => {
    await reply
      .header('cache-control', 'no-store')
      .type('text/plain; version=0.0.4; charset=utf-8')
      .send((await metricsText()) ?? '# this process counts nothing\n');
  });
}
