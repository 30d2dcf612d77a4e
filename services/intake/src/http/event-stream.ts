import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { endServerSpan } from '@darkroom/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A client that has not taken a byte for so long is cut; heartbeats keep the others alive. */
const stuckAfterMs = 60_000;

export interface SseMessage {
  /** Resumes after this message. One alone, without data, only tells the client its place. */
  readonly id?: string;
  readonly event?: string;
  /** One line; JSON has no raw line breaks. */
  readonly data?: string;
}

/** Writes a message as an event stream has it. */
export function sseText(message: SseMessage): string {
  const lines = [
    ...(message.event === undefined ? [] : [`event: ${message.event}`]),
    ...(message.id === undefined ? [] : [`id: ${message.id}`]),
    ...(message.data === undefined ? [] : [`data: ${message.data}`]),
  ];
  return `${lines.join('\n')}\n\n`;
}

/** Comment that keeps a silent connection open. */
export const sseHeartbeat = ': heartbeat\n\n';

/** What comes first: how soon to reconnect. */
export const sseOpening = 'retry: 2000\n\n';

export interface StreamOptions {
  readonly contentType: string;
  /** Called when the client is gone or the source has ended. */
  readonly done: () => void;
  /** Called when the source fails; the client sees its connection cut and comes back. */
  readonly onError: (error: unknown) => void;
}

/**
 * Sends text for as long as the source lasts, at the client's pace: nothing is taken from the source that the client has no
 * room for. Past Fastify's reply, because that sends the headers with the first chunk, and a quiet stream has none for long.
 */
export async function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  source: AsyncIterable<string>,
  options: StreamOptions,
): Promise<void> {
  const { raw } = reply.hijack();
  const { socket } = request.raw;
  socket.setTimeout(stuckAfterMs, () => socket.destroy());
  raw.once('close', options.done);
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) raw.setHeader(name, value);
  raw.setHeader('content-type', options.contentType);
  raw.setHeader('cache-control', 'no-store');
  // Proxies that buffer would hold events back.
  raw.setHeader('x-accel-buffering', 'no');
  raw.writeHead(200);
  endServerSpan(request);
  if (request.method === 'HEAD') {
    raw.end();
    return;
  }
  raw.flushHeaders();
  try {
    await pipeline(Readable.from(source, { objectMode: true, highWaterMark: 1 }), raw);
  } catch (error) {
    if (!isGone(error)) options.onError(error);
  } finally {
    socket.setTimeout(0);
    options.done();
  }
}

/** The client went away in mid-stream: that is how streams end. */
function isGone(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE';
}
