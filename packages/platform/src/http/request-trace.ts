import type { IncomingMessage } from 'node:http';
import { pooledRandomBytes } from '../ids/random-pool.js';
import { currentTraceparent, traceIdOf } from '../telemetry/traceparent.js';

const contexts = new WeakMap<IncomingMessage, string>();

function fresh(): string {
  const ids = pooledRandomBytes(24).toString('hex');
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
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
