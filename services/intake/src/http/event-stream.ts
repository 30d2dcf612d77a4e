import type { ServerResponse } from 'node:http';
import { endServerSpan } from '@darkroom/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';

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
  /** A client that takes nothing for so long is cut. */
  readonly stuckAfterMs: number;
  /** Ends it, in the middle of a page too. */
  readonly signal: AbortSignal;
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
  raw.once('close', options.done);
  // The close that follows says all.
  raw.on('error', () => undefined);
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
    for await (const text of source) {
      if (raw.destroyed || options.signal.aborted) break;
      if (raw.write(text) || (await hasDrained(raw, options))) continue;
      raw.destroy();
      break;
    }
    raw.end();
  } catch (error) {
    options.onError(error);
    raw.destroy();
  } finally {
    options.done();
  }
}

/**
 * Whether the client took what is waiting for it, in time. By what it takes and not by a time-out of the socket: that one starts anew
 * with every byte that the client sends, so that one which sends and never reads would hold its stream for ever.
 */
async function hasDrained(
  raw: ServerResponse,
  { stuckAfterMs, signal }: Pick<StreamOptions, 'stuckAfterMs' | 'signal'>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (drained: boolean) => (): void => {
      clearTimeout(timer);
      raw.off('drain', onDrain);
      raw.off('close', onClose);
      signal.removeEventListener('abort', onClose);
      resolve(drained);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    const timer = setTimeout(onClose, stuckAfterMs);
    raw.once('drain', onDrain);
    raw.once('close', onClose);
    signal.addEventListener('abort', onClose);
    if (signal.aborted) onClose();
  });
}
