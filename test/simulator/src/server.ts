import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { adminRoutes } from './admin-routes.js';
import { outputRoutes } from './output-routes.js';
import { refusal } from './refusal.js';
import { refuse, type Vendor, vendorRoutes } from './vendor-routes.js';

/** The whole HTTP surface, not yet listening. */
export function buildServer(vendor: Vendor): FastifyInstance {
  const app = Fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 300 } });
  // Bodies are read as bytes: what is wrong with them is for the ledger to tell, so no parser may answer first.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((_request, reply) =>
    refuse(reply, refusal(404, { message: 'There is nothing here' })),
  );
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (request.method === 'POST' && request.routeOptions.url === '/v1/jobs' && status < 500) {
      // Turned away before it reached the route, as a body over the limit is: it arrived all the same.
      vendor.book.recordSubmit({
        at: new Date().toISOString(),
        model: null,
        prompt: null,
        reference: null,
        key: null,
        job_id: null,
        accepted: false,
        replay: false,
        reply: 'sent',
        charged_micros: 0,
      });
    }
    return refuse(reply, refusal(status));
  });
  // As most vendors name their calls, for whoever asks their support.
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.header('x-request-id', `req_${randomUUID()}`);
    done();
  });
  vendorRoutes(app, vendor);
  outputRoutes(app, vendor);
  adminRoutes(app, vendor);
  app.get('/health', (_request, reply) => reply.send({ status: 'ok' }));
  return app;
}
