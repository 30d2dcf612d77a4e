import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { openSocket } from './checked-connector.js';
import { DownloadError, type ResolveName } from './egress.js';
import { errorCode, errorText, isMalformedAnswer, notSentReason } from './failures.js';
import { plainHeaders } from './one-call.js';
import type { HopHead } from './redirects.js';
import type { Target } from './target.js';

/** One answer on a connection of its own, its body unread. */
export interface OpenHop extends HopHead {
  readonly body: AsyncIterable<Buffer>;
  /** Drops the connection, whatever is still under way on it. */
  end(): void;
}

export interface HopOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
  readonly resolve: ResolveName;
  /** Longest silence before the head of the answer. */
  readonly headTimeoutMs: number;
  readonly signal: AbortSignal;
}

function connectFailure(error: unknown): DownloadError {
  const why = notSentReason(error);
  const reason = why === 'refused' ? 'refused' : why === 'connect_timeout' ? 'timeout' : 'unreachable';
  return new DownloadError(reason, errorText(error), { cause: error });
}

/** The connection stood, and no head of an answer came. */
function headFailure(error: unknown): DownloadError {
  return new DownloadError(isMalformedAnswer(error) ? 'malformed' : 'reset', errorText(error), {
    cause: error,
  });
}

/** The connection ended before the body did. */
export function bodyFailure(error: unknown): DownloadError {
  const truncated = /^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE|HPE_INVALID_EOF_STATE)$/.test(
    errorCode(error),
  );
  return new DownloadError(truncated ? 'truncated' : 'reset', errorText(error), { cause: error });
}

async function connect(target: Target, { connectTimeoutMs, resolve, signal }: HopOptions): Promise<Socket> {
  const opening = openSocket(target, connectTimeoutMs, resolve);
  const canceled = new AbortController();
  try {
    signal.throwIfAborted();
    return await Promise.race([
      opening,
      once(signal, 'abort', { signal: canceled.signal }).then(() => Promise.reject(signal.reason)),
    ]);
  } catch (error) {
    // Given up on while it was being made: closed as soon as it is there.
    void opening.then(
      (socket) => socket.destroy(),
      () => undefined,
    );
    throw error;
  } finally {
    canceled.abort();
  }
}

/**
 * Asks for one URL over a new, checked connection. Node's own client, not undici's: there a server that sends its FIN while the
 * body waits for its reader ends the process with an assertion that nobody can catch (nodejs/undici#5360, open in 7).
 * @throws DownloadError, or the signal's reason
 */
export async function openHop(target: Target, options: HopOptions): Promise<OpenHop> {
  const { signal } = options;
  const socket = await connect(target, options).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : connectFailure(error);
  });
  const call = httpRequest({
    // TLS, if any, is the socket's matter.
    protocol: 'http:',
    method: 'GET',
    path: target.url.pathname + target.url.search,
    headers: {
      host: target.url.host,
      'user-agent': 'Darkroom',
      'accept-encoding': 'identity',
      connection: 'close',
      ...options.headers,
    },
    // Without an agent: one, even `false`, would make an unchecked connection of its own.
    createConnection: () => socket,
    maxHeaderSize: 16 * 1024,
  });
  const end = (): void => {
    call.destroy();
    socket.destroy();
  };
  // Also what fails after the head came, and what nobody reads any more.
  call.on('error', () => undefined);
  try {
    const answer = await headOf(call, options);
    answer.on('error', () => undefined);
    signal.addEventListener('abort', () => answer.destroy(signal.reason), { once: true });
    return {
      status: answer.statusCode ?? 0,
      headers: plainHeaders(answer.headers),
      body: answer,
      end,
      discard: async () => end(),
    };
  } catch (error) {
    end();
    if (signal.aborted) throw signal.reason;
    throw error instanceof DownloadError ? error : headFailure(error);
  }
}

async function headOf(
  call: ReturnType<typeof httpRequest>,
  { signal, headTimeoutMs }: HopOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new DownloadError('timeout', `no answer within ${headTimeoutMs} ms`)),
      headTimeoutMs,
    );
    const settle = (): void => {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      settle();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    call.once('response', (answer) => {
      settle();
      resolve(answer);
    });
    call.once('error', (error) => {
      settle();
      reject(error);
    });
    call.end();
  });
}
