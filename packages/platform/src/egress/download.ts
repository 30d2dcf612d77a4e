import { bodyStream } from './body-stream.js';
import {
  type Allowance,
  type Download,
  DownloadError,
  type DownloadRequest,
  type ResolveName,
} from './egress.js';
import { bodyFailure, openHop, type OpenHop } from './open-hop.js';
import { followRedirects, type Hop } from './redirects.js';
import { DestinationRefused, targetOf } from './target.js';

/**
 * Opens a download: each hop on a connection of its own, checked and closed with it, so that nothing is left behind.
 * @throws DownloadError
 */
export async function openDownload(
  request: DownloadRequest,
  allowances: readonly Allowance[],
  resolve: ResolveName,
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
    try {
      const target = targetOf(hop.url, caller, hop.redirects === 0 ? allowances : []);
      return await openHop(target, {
        headers: hop.headers,
        resolve,
        connectTimeoutMs: request.connectTimeoutMs ?? 5_000,
        headTimeoutMs: request.idleTimeoutMs,
        signal: transfer.signal,
      });
    } catch (error) {
      if (reason) throw reason;
      if (error instanceof DestinationRefused)
        throw new DownloadError('refused', error.message, { cause: error });
      throw error;
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
