import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseJsonBody } from './json-body.js';
import { ProblemError } from './problem.js';
import { traceparentOf } from './request-trace.js';

const rawBodies = new WeakMap<FastifyRequest, Buffer>();

/** The bytes of a JSON body as they came, for signatures over them. */
export function rawBodyOf(request: FastifyRequest): Buffer | undefined {
  return rawBodies.get(request);
}

function refuseForeignEncodings(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    throw new ProblemError('unsupported_media_type', 'Compressed bodies are not accepted.');
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)"?/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw new ProblemError('unsupported_media_type', 'The body must be in UTF-8.');
}

export interface RequestRules {
  /** Larger limits for some routes, by the start of their path. */
  readonly bodyLimits: Readonly<Record<string, number>>;
  /** Routes, by the start of their path, whose bodies are read by who knows what is signed, and not before the signature. */
  readonly unparsed: readonly string[];
  /** Of every answer, also of those that no route gives. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What holds for every request before any route sees it. JSON in UTF-8 is the only body there is. */
export function installRequestRules(instance: FastifyInstance, rules: RequestRules): void {
  instance.addHook('onRoute', (route) => {
    for (const [prefix, bytes] of Object.entries(rules.bodyLimits))
      if (route.url.startsWith(prefix)) route.bodyLimit = bytes;
  });
  instance.addHook('onRequest', (request, reply, done) => {
    traceparentOf(request);
    void reply.headers(rules.headers);
    try {
      refuseForeignEncodings(request);
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    rawBodies.set(request, bytes);
    const { url = '' } = request.routeOptions;
    if (rules.unparsed.some((prefix) => url.startsWith(prefix))) {
      done(null, undefined);
      return;
    }
    try {
      done(null, bytes.length === 0 ? undefined : parseJsonBody(bytes));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
}
