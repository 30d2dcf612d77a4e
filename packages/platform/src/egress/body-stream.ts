import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { DownloadError, type DownloadRequest } from './egress.js';
import { errorCode } from './failures.js';

export type BodyLimits = Pick<
  DownloadRequest,
  'maxBytes' | 'idleTimeoutMs' | 'minBytesPerSecond' | 'rateGraceMs'
>;

/** Raw bytes as they come, held to the limits. `fail` ends the transfer with a reason. */
async function* limited(
  body: AsyncIterable<Buffer>,
  limits: BodyLimits,
  fail: (error: DownloadError) => void,
): AsyncGenerator<Buffer> {
  const source = body[Symbol.asyncIterator]();
  let bytes = 0;
  let waitedMs = 0;
  for (;;) {
    const since = performance.now();
    const idle = setTimeout(
      () => fail(new DownloadError('timeout', `no byte for ${limits.idleTimeoutMs} ms`)),
      limits.idleTimeoutMs,
    );
    const next = await source.next().finally(() => clearTimeout(idle));
    // Only waiting for the vendor counts, not our own disk or decoder.
    waitedMs += performance.now() - since;
    if (next.done) return;
    bytes += next.value.length;
    if (bytes > limits.maxBytes) throw new DownloadError('too_large', `more than ${limits.maxBytes} bytes`);
    if (waitedMs > (limits.rateGraceMs ?? 5_000) && (bytes * 1000) / waitedMs < limits.minBytesPerSecond)
      throw new DownloadError('too_slow', `less than ${limits.minBytesPerSecond} bytes a second`);
    yield next.value;
  }
}

function decoderOf(encoding: string): Transform | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      // Nested encodings too: nothing honest needs them.
      throw new DownloadError('encoding', 'an encoding that was not asked for');
  }
}

async function* capped(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new DownloadError('too_large', `more than ${maxBytes} bytes once decoded`);
    yield chunk;
  }
}

/**
 * The body of a download: capped raw and decoded, timed, and failing with DownloadError. `transfer` ends the connection;
 * `classify` names its errors.
 * @throws DownloadError for an encoding that is not taken
 */
export function bodyStream(
  body: AsyncIterable<Buffer>,
  encoding: string,
  limits: BodyLimits,
  transfer: { fail(error: DownloadError): void; classify(error: unknown): DownloadError; end(): void },
): Readable {
  const decoder = decoderOf(encoding.trim().toLowerCase());
  async function* run(): AsyncGenerator<Buffer> {
    try {
      const raw = limited(body, limits, (error) => transfer.fail(error));
      if (!decoder) yield* raw;
      else {
        pipeline(Readable.from(raw), decoder, () => undefined);
        yield* capped(decoder, limits.maxBytes);
      }
    } catch (error) {
      const known = error instanceof DownloadError ? error : transfer.classify(error);
      throw decoder && known.reason === 'reset' && errorCode(error).startsWith('Z_')
        ? new DownloadError('encoding', 'the encoding of the body is broken', { cause: error })
        : known;
    } finally {
      transfer.end();
    }
  }
  const stream = Readable.from(run(), { objectMode: false });
  // Destroyed by its reader while the generator waits for bytes: the transfer must not go on.
  stream.once('close', () => transfer.end());
  return stream;
}
