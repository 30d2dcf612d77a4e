import { once } from 'node:events';
import { request as open, type IncomingHttpHeaders } from 'node:http';
import { until } from './until.js';

export interface SseMessage {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

/** A response that is still coming. */
export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Whole messages so far. */
  readonly messages: readonly SseMessage[];
  /** Everything so far. */
  text(): string;
  /** Resolves when the server has ended or cut it. */
  readonly ended: Promise<void>;
  /** Waits for such a message. */
  message(like: (message: SseMessage) => boolean): Promise<SseMessage>;
  close(): void;
}

/** Opens a GET whose answer goes on. */
export async function openStream(
  base: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<OpenStream> {
  const request = open(new URL(path, base), { headers, agent: false });
  const answered = once(request, 'response');
  request.end();
  const [response] = await answered;
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
  });
  // Cut or ended: either way it is over.
  response.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => response.once('close', () => resolve()));
  const messages = (): SseMessage[] =>
    text
      .split('\n\n')
      .slice(0, -1)
      .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))));
  return {
    status: response.statusCode,
    headers: response.headers,
    get messages() {
      return messages();
    },
    text: () => text,
    ended,
    message: (like) => until('a message', async () => messages().find(like)),
    close: () => request.destroy(),
  };
}
