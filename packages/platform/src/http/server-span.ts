import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fromPublicId } from '../ids/public-id.js';
import { about, type Subject } from '../telemetry/about.js';
import { measure } from '../telemetry/metrics.js';
import { spanAttributes, spanNames } from '../telemetry/names.js';
import { parentContext } from '../telemetry/traceparent.js';
import { traceparentOf } from './request-trace.js';

interface Known {
  readonly inside: Context;
  readonly span: Span;
  readonly subject: Subject;
  /** Its answer is held back or goes on for long: how long it takes is no measure of us. */
  held: boolean;
}
const known = new WeakMap<FastifyRequest, Known>();

/** The generation that a path names. */
function generationOf({ params }: FastifyRequest): string | undefined {
  const id = typeof params === 'object' && params !== null && 'id' in params ? params.id : undefined;
  return typeof id === 'string' ? fromPublicId('gen', id) : undefined;
}

/**
 * A short server span for each request, a child of the client's where it sent one. Handlers run inside it, and what they log is
 * about its trace and the generation that the path names.
 */
export function installServerSpans(fastify: FastifyInstance): void {
  const tracer = trace.getTracer('@darkroom/platform');
  fastify.addHook('onRequest', (request, reply, done) => {
    const sent = request.headers['traceparent'];
    const parent = parentContext(typeof sent === 'string' ? sent : undefined);
    const route = request.routeOptions.url ?? 'unknown';
    const attributes = { [spanAttributes.method]: request.method, [spanAttributes.route]: route };
    const span = tracer.startSpan(
      spanNames.served(request.method, route),
      { kind: SpanKind.SERVER, attributes },
      parent,
    );
    const began = performance.now();
    reply.raw.once('close', () => {
      const { statusCode } = reply.raw;
      if (known.get(request)?.held !== true)
        measure('requestDuration', (performance.now() - began) / 1_000, {
          ...attributes,
          [spanAttributes.status]: statusCode,
        });
      span.setAttribute(spanAttributes.status, statusCode);
      if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    const inside = trace.setSpan(parent, span);
    context.with(inside, () => {
      const subject = { traceparent: traceparentOf(request), generation: generationOf(request) };
      known.set(request, { inside, span, subject, held: false });
      about(subject, done);
    });
  });
  // Reading a body loses both: its events belong to the connection.
  fastify.addHook('preHandler', (request, _, done) => {
    const of = known.get(request);
    if (of) context.with(of.inside, () => about(of.subject, done));
    else done();
  });
}

/**
 * Ends a request's span before its answer, which is held back or goes on for long: what was done for it stands below that span,
 * and would lose it with the process.
 */
export function endServerSpan(request: FastifyRequest): void {
  const of = known.get(request);
  if (!of) return;
  of.held = true;
  of.span.end();
}
