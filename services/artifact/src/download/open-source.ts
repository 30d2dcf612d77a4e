import type { Readable } from 'node:stream';
import { type Egress, type ObjectStore } from '@darkroom/platform';
import type { OutputLimits } from '../policy/limits.js';
import { OutputRejected, rejectionOfStatus } from '../policy/output-rejected.js';

/** Where an output's bytes are. */
export type OutputSource =
  | { readonly kind: 'link'; readonly url: string; readonly account: string }
  | { readonly kind: 'staged'; readonly key: string };

export interface OpenedSource {
  readonly stream: Readable;
  /** As the answer declares it, '' where it does not. */
  readonly mediaType: string;
}

interface Ports {
  readonly egress: Pick<Egress, 'download'>;
  readonly objects: Pick<ObjectStore, 'get'>;
}

/**
 * Opens the bytes of an output.
 * @throws OutputRejected, DownloadError, ObjectStoreError
 */
export async function openSource(
  { egress, objects }: Ports,
  source: OutputSource,
  limits: OutputLimits,
  signal: AbortSignal,
): Promise<OpenedSource> {
  if (source.kind === 'staged') {
    const stream = await objects.get(source.key);
    if (!stream) throw new OutputRejected('REJECTION_REASON_LINK_EXPIRED', 'the staged bytes are gone');
    return { stream, mediaType: '' };
  }
  const { url, account } = source;
  const { maxBytes, idleTimeoutMs, totalTimeoutMs, minBytesPerSecond, rateGraceMs } = limits;
  const download = await egress.download({
    url,
    account,
    maxBytes,
    idleTimeoutMs,
    totalTimeoutMs,
    minBytesPerSecond,
    rateGraceMs,
    signal,
  });
  if (download.status !== 200) {
    download.stream.on('error', () => undefined).destroy();
    throw rejectionOfStatus(download.status);
  }
  return { stream: download.stream, mediaType: download.headers['content-type'] ?? '' };
}
