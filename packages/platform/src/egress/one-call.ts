import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { EgressOutcome, EgressRequest, LostReason, NotSentReason } from './egress.js';
import { errorText, lostReason, notSentReason } from './failures.js';

export type CallOptions = Omit<
  EgressRequest,
  'purpose' | 'account' | 'url' | 'connectTimeoutMs' | 'freshConnection'
>;

/** Lower-case names, repeated headers joined. */
export function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

function decoded(body: Buffer, encoding: string | undefined, maxOutputLength: number): Buffer {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(body, { maxOutputLength });
    case 'deflate':
      return inflateSync(body, { maxOutputLength });
    case 'br':
      return brotliDecompressSync(body, { maxOutputLength });
    default:
      throw new Error('an encoding that was not asked for');
  }
}

/**
 * One request on one dispatcher, once. The outcome is told by where undici stood: it calls `onRequestStart` in the tick
 * in which it writes the first byte, and an abort there writes none. Before it nothing was sent; after it everything may have been.
 */
export async function callOnce(
  dispatcher: Dispatcher,
  origin: URL,
  request: CallOptions,
): Promise<EgressOutcome> {
  return new Promise((resolve) => {
    let written = false;
    let settled = false;
    let controller: Dispatcher.DispatchController | undefined;
    let status: number | undefined;
    let headers: Record<string, string> = {};
    const chunks: Buffer[] = [];
    let received = 0;

    const settle = (outcome: EgressOutcome): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onCancel);
      resolve(outcome);
    };
    const notSent = (reason: NotSentReason, error: string): void =>
      settle({ kind: 'not-sent', reason, error });
    const lost = (reason: LostReason, error: string): void =>
      settle({
        kind: 'lost',
        reason,
        error,
        ...(status === undefined ? {} : { status, headers, partialBody: Buffer.concat(chunks) }),
      });
    const giveUp = (asNotSent: NotSentReason, asLost: LostReason, error: string): void => {
      // Settled first: what is still waiting for a connection finds that out in onRequestStart, and then sends nothing.
      if (written) lost(asLost, error);
      else notSent(asNotSent, error);
      if (written) controller?.abort(new Error(error));
    };
    const timer = setTimeout(
      () => giveUp('connect_timeout', 'timeout', `no answer within ${request.timeoutMs} ms`),
      request.timeoutMs,
    );
    const onCancel = (): void => giveUp('canceled', 'canceled', 'canceled by the caller');
    if (request.signal?.aborted) {
      onCancel();
      return;
    }
    request.signal?.addEventListener('abort', onCancel);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (current) => {
        controller = current;
        if (settled || written) {
          // Given up meanwhile; or undici starts over on a new connection, which would send a second time.
          current.abort(new Error('not sent again'));
          return;
        }
        if (request.sendByMonotonicMs !== undefined && performance.now() >= request.sendByMonotonicMs) {
          notSent('send_by', 'too late to send');
          current.abort(new Error('too late to send'));
          return;
        }
        written = true;
      },
      onResponseStart: (_, code, head) => {
        if (code < 200) return;
        status = code;
        headers = plainHeaders(head);
      },
      onResponseData: (current, chunk) => {
        received += chunk.length;
        if (received > request.maxBytes) {
          lost('too_large', `an answer of more than ${request.maxBytes} bytes`);
          current.abort(new Error('answer too large'));
        } else chunks.push(chunk);
      },
      onResponseEnd: () => {
        if (status === undefined) return;
        try {
          const body = decoded(Buffer.concat(chunks), headers['content-encoding'], request.maxBytes);
          settle({ kind: 'answer', status, headers, body });
        } catch (error) {
          lost('malformed', errorText(error));
        }
      },
      onResponseError: (_, error) => {
        if (written) lost(lostReason(error), errorText(error));
        else notSent(notSentReason(error), errorText(error));
      },
    };
    try {
      dispatcher.dispatch(
        {
          origin: origin.origin,
          path: origin.pathname + origin.search,
          method: request.method,
          headers: { 'user-agent': 'Darkroom', 'accept-encoding': 'identity', ...request.headers },
          body: request.body ?? null,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      if (written) lost(lostReason(error), errorText(error));
      else notSent(notSentReason(error), errorText(error));
    }
  });
}
