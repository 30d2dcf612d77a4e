import { setTimeout as pause } from 'node:timers/promises';
import {
  DownloadError,
  type Egress,
  inSpan,
  type ObjectStore,
  ObjectStoreError,
  spanNames,
} from '@darkroom/platform';
import type { OutputLimits } from '../policy/limits.js';
import { isWorthAnotherTry, OutputRejected, rejectionOfDownload } from '../policy/output-rejected.js';
import { type InspectedImage, inspectImage } from '../verify/inspect-image.js';
import type { Gate } from '../verify/decode-gate.js';
import { type IncomingFile, receive } from './incoming-file.js';
import { openSource, type OutputSource } from './open-source.js';

/** What the vendor said of its output; '' and '0': nothing. */
export interface DeclaredOutput {
  readonly sha256: string;
  readonly bytes: string;
  readonly mediaType: string;
}

/** Bytes that are here, and are what they should be. */
export interface FetchedOutput {
  readonly file: IncomingFile;
  readonly image: InspectedImage;
  readonly declaredMediaType: string;
}

export interface FetchPorts {
  readonly egress: Pick<Egress, 'download'>;
  readonly objects: Pick<ObjectStore, 'get'>;
  /** Folder of incoming files. */
  readonly folder: string;
  readonly decoding: Gate;
  readonly limits: OutputLimits;
}

/** @throws OutputRejected */
function compareWithDeclared(file: IncomingFile, declared: DeclaredOutput): void {
  const announced = Number(declared.bytes);
  if (announced > 0 && file.bytes !== announced)
    throw new OutputRejected(
      file.bytes < announced ? 'REJECTION_REASON_TRUNCATED' : 'REJECTION_REASON_CHECKSUM_MISMATCH',
      `${file.bytes} bytes instead of ${announced}`,
    );
  if (declared.sha256 !== '' && file.sha256 !== declared.sha256.toLowerCase())
    throw new OutputRejected('REJECTION_REASON_CHECKSUM_MISMATCH', 'the checksum is not the declared one');
}

/** Printable, and no longer than a media type is: it goes into the event as the vendor wrote it. */
const shortType = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 100);

async function tryOnce(
  ports: FetchPorts,
  source: OutputSource,
  declared: DeclaredOutput,
  signal: AbortSignal,
): Promise<FetchedOutput> {
  const { limits, decoding, folder } = ports;
  const { opened, file } = await inSpan(spanNames.downloadOutput, {}, async () => {
    const opened = await openSource(ports, source, limits, signal);
    return { opened, file: await receive(folder, opened.stream, limits.maxBytes) };
  });
  try {
    const image = await inSpan(spanNames.verifyOutput, {}, async () => {
      compareWithDeclared(file, declared);
      return decoding.run(async () => inspectImage(file, limits));
    });
    return { file, image, declaredMediaType: shortType(declared.mediaType || opened.mediaType) };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** The vendor's or its network's doing, as a rejection; everything else is ours and comes through. */
function asRejection(error: unknown): OutputRejected | undefined {
  if (error instanceof OutputRejected) return error;
  if (error instanceof DownloadError) return rejectionOfDownload(error);
  if (error instanceof ObjectStoreError && error.code === 'damaged')
    return new OutputRejected('REJECTION_REASON_CHECKSUM_MISMATCH', 'the staged bytes are damaged');
  return undefined;
}

/**
 * Downloads and verifies one output, trying a link again where a bad moment may explain what came. The file is the caller's
 * to discard.
 * @throws whatever is no fault of the output: the object store's, the disk's, the signal's reason
 */
export async function fetchOutput(
  ports: FetchPorts,
  source: OutputSource,
  declared: DeclaredOutput,
  signal: AbortSignal,
): Promise<FetchedOutput | OutputRejected> {
  const { triesPerLink, retryPauseMs } = ports.limits;
  for (let attempt = 1; ; attempt += 1) {
    try {
      signal.throwIfAborted();
      return await tryOnce(ports, source, declared, signal);
    } catch (error) {
      signal.throwIfAborted();
      const rejected = asRejection(error);
      if (!rejected) throw error;
      if (attempt >= triesPerLink || !isWorthAnotherTry(rejected)) return rejected;
      await pause(retryPauseMs * 2 ** (attempt - 1), undefined, { signal }).catch(() =>
        signal.throwIfAborted(),
      );
    }
  }
}
