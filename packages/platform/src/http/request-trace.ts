import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { currentTraceparent, traceIdOf } from '../telemetry/traceparent.js';

const contexts = new WeakMap<IncomingMessage, string>();

function fresh(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
}

/**
 * The `traceparent` that belongs to a request and to all that it starts: the server span's, else the one that the client
 * sent, else one made here, so that a trace id can be quoted even where nothing is exported.
 */
export function traceparentOf(request: { readonly raw: IncomingMessage }): string {
  const known = contexts.get(request.raw);
  if (known) return known;
  const sent = request.raw.headers['traceparent'];
  const context =
    currentTraceparent() ?? (typeof sent === 'string' && traceIdOf(sent) ? sent : undefined) ?? fresh();
  contexts.set(request.raw, context);
  return context;
}

/** The trace id to quote to the client. */
export function requestTraceId(request: { readonly raw: IncomingMessage }): string | null {
  return traceIdOf(traceparentOf(request)) ?? null;
}
