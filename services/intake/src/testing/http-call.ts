import type { z } from 'zod';
import { request as open, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';

export interface Call {
  readonly method?: string;
  readonly path: string;
  /** A list sends the header once for each value. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as it is; anything else than text and bytes as JSON, with its content type. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The parsed body, checked where a schema is given; fails where it is no JSON. */
  json<T>(schema?: z.ZodType<T>): T;
}

/** One real HTTP exchange, with headers that a well-behaved client would not send. */
export async function httpCall(base: string, call: Call): Promise<Answer> {
  const raw = typeof call.body === 'string' || Buffer.isBuffer(call.body);
  const body = call.body === undefined ? undefined : raw ? call.body : JSON.stringify(call.body);
  const headers: Record<string, string | string[]> =
    body === undefined || raw ? {} : { 'content-type': 'application/json' };
  for (const [name, value] of Object.entries(call.headers ?? {}))
    headers[name] = typeof value === 'string' ? value : [...value];
  const target = new URL(base);
  const request = open({
    host: target.hostname,
    port: target.port,
    path: call.path,
    method: call.method ?? 'GET',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
    // A connection each: one that the server cuts must not take another call with it.
    agent: false,
  });
  const answered = once(request, 'response');
  request.end(body);
  const [response] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes,
    text: bytes.toString('utf8'),
    json: (schema) => {
      const value = JSON.parse(bytes.toString('utf8'));
      return schema ? schema.parse(value) : value;
    },
  };
}
