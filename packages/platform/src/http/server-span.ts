import { type Context, context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parentContext } from '../telemetry/trace-context.js';

/** A short server span for each request, a child of the client's where it sent one; handlers run inside it. */
export function installServerSpans(fastify: FastifyInstance): void {
  const contexts = new WeakMap<FastifyRequest, Context>();
  const tracer = trace.getTracer('@darkroom/platform');
  fastify.addHook('onRequest', (request, reply, done) => {
    const sent = request.headers['traceparent'];
    const parent = parentContext(typeof sent === 'string' ? sent : undefined);
    // The route, never the path: ids and tokens stand in it.
    const route = request.routeOptions.url ?? 'unknown';
    const attributes = { 'http.request.method': request.method, 'http.route': route };
    const span = tracer.startSpan(
      `${request.method} ${route}`,
      { kind: SpanKind.SERVER, attributes },
      parent,
    );
    reply.raw.once('close', () => {
      const { statusCode } = reply.raw;
      span.setAttribute('http.response.status_code', statusCode);
      if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    const inside = trace.setSpan(parent, span);
    contexts.set(request, inside);
    context.with(inside, done);
  });
  // Reading a body loses the context: its events belong to the connection.
  fastify.addHook('preHandler', (request, _, done) => {
    context.with(contexts.get(request) ?? context.active(), done);
  });
}
