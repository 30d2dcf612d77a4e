import { Client } from 'undici';
import { bodyStream } from './body-stream.js';
import { checkedConnector } from './checked-connector.js';
import { type Allowance, type Download, DownloadError, type DownloadRequest } from './egress.js';
import { errorCode, errorText, isMalformedAnswer, notSentReason } from './failures.js';
import { plainHeaders } from './one-call.js';
import { followRedirects, type Hop, type HopHead } from './redirects.js';
import { targetOf } from './target.js';

interface OpenHop extends HopHead {
  readonly body: AsyncIterable<Buffer>;
  end(): void;
}

const unreachable = new Set(['dns', 'connect', 'tls', 'closed', 'canceled']);

/** Before the head of an answer. */
function headFailure(error: unknown): DownloadError {
  const why = notSentReason(error);
  if (why === 'refused') return new DownloadError('refused', errorText(error), { cause: error });
  if (why === 'connect_timeout') return new DownloadError('timeout', errorText(error), { cause: error });
  if (isMalformedAnswer(error)) return new DownloadError('malformed', errorText(error), { cause: error });
  return new DownloadError(unreachable.has(why) ? 'unreachable' : 'reset', errorText(error), {
    cause: error,
  });
}

/** After it: the connection ended before the body did. */
function bodyFailure(error: unknown): DownloadError {
  const code = errorCode(error);
  if (/^(UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ECONNRESET|UND_ERR_ABORTED)$/.test(code))
    return new DownloadError('truncated', errorText(error), { cause: error });
  return new DownloadError('reset', errorText(error), { cause: error });
}

/**
 * Opens a download: each hop on a connection of its own, checked and closed with it, so that nothing is left behind.
 * @throws DownloadError
 */
export async function openDownload(
  request: DownloadRequest,
  allowances: readonly Allowance[],
): Promise<Download> {
  const transfer = new AbortController();
  let reason: DownloadError | undefined;
  const fail = (error: DownloadError): void => {
    reason ??= error;
    transfer.abort(error);
  };
  const total = setTimeout(
    () => fail(new DownloadError('timeout', `not done within ${request.totalTimeoutMs} ms`)),
    request.totalTimeoutMs,
  );
  const onCancel = (): void => fail(new DownloadError('canceled', 'canceled by the caller'));
  request.signal?.addEventListener('abort', onCancel);
  if (request.signal?.aborted) onCancel();
  const release = (): void => {
    clearTimeout(total);
    request.signal?.removeEventListener('abort', onCancel);
  };

  const open = async (hop: Hop): Promise<OpenHop> => {
    const caller = { purpose: 'download', account: request.account } as const;
    let client: Client | undefined;
    try {
      const target = targetOf(hop.url, caller, hop.redirects === 0 ? allowances : []);
      client = new Client(target.url.origin, {
        connect: checkedConnector(target, request.connectTimeoutMs ?? 5_000),
        pipelining: 1,
        headersTimeout: request.idleTimeoutMs,
        bodyTimeout: 0,
      });
      const answer = await client.request({
        path: target.url.pathname + target.url.search,
        method: 'GET',
        headers: { 'user-agent': 'Darkroom', 'accept-encoding': 'identity', ...hop.headers },
        signal: transfer.signal,
      });
      const opened = client;
      const end = (): void => {
        answer.body.on('error', () => undefined).destroy();
        void opened.destroy();
      };
      return {
        status: answer.statusCode,
        headers: plainHeaders(answer.headers),
        body: answer.body,
        end,
        discard: async () => {
          answer.body.on('error', () => undefined).destroy();
          await opened.destroy();
        },
      };
    } catch (error) {
      await client?.destroy();
      if (reason) throw reason;
      if (errorCode(error) === 'UND_ERR_HEADERS_TIMEOUT')
        throw new DownloadError('timeout', `no answer within ${request.idleTimeoutMs} ms`, { cause: error });
      throw headFailure(error);
    }
  };

  try {
    const first = { url: request.url, headers: request.headers ?? {} };
    const { head, hop } = await followRedirects(first, request.maxRedirects ?? 3, open);
    try {
      const declared = Number(head.headers['content-length'] ?? 0);
      if (declared > request.maxBytes) throw new DownloadError('too_large', `${declared} bytes announced`);
      const stream = bodyStream(head.body, head.headers['content-encoding'] ?? '', request, {
        fail,
        classify: (error) => reason ?? bodyFailure(error),
        end: () => {
          release();
          head.end();
        },
      });
      return { status: head.status, headers: head.headers, url: hop.url, redirects: hop.redirects, stream };
    } catch (error) {
      head.end();
      throw error;
    }
  } catch (error) {
    release();
    throw error;
  }
}
