import { createReadStream } from 'node:fs';
import type { ObjectStore } from '@darkroom/platform';
import type { FetchedOutput } from '../download/fetch-output.js';
import { artifactKeys, type OutputName } from '../policy/artifact-keys.js';
import type { Gate } from '../verify/decode-gate.js';
import { derivePreview, thumbnailType } from '../verify/derive-preview.js';
import { putDerived, putVerified } from './put-verified.js';

/** What an event says of a stored output. */
export interface StoredOutput {
  readonly storageKey: string;
  readonly thumbnailKey: string;
  readonly mediaType: string;
  readonly declaredMediaType: string;
  readonly width: number;
  readonly height: number;
  /** Decimal, as in the event. */
  readonly bytes: string;
  readonly sha256: string;
  readonly placeholder: string;
}

interface Ports {
  readonly objects: Pick<ObjectStore, 'put' | 'head'>;
  readonly decoding: Gate;
  readonly maxPixels: number;
}

/** Stores a verified output as the vendor sent it, and its preview beside it. Done twice it does the same once. */
export async function storeOutput(
  { objects, decoding, maxPixels }: Ports,
  name: OutputName,
  { file, image, declaredMediaType }: FetchedOutput,
): Promise<StoredOutput> {
  const keys = artifactKeys(name, file.sha256, image.extension);
  const preview = await decoding.run(async () => derivePreview(file.path, maxPixels));
  await putDerived(objects, { key: keys.thumbnail, body: preview.thumbnail, contentType: thumbnailType });
  await putVerified(objects, {
    key: keys.image,
    body: createReadStream(file.path),
    sha256: file.sha256,
    bytes: file.bytes,
    contentType: image.mediaType,
  });
  return {
    storageKey: keys.image,
    thumbnailKey: keys.thumbnail,
    mediaType: image.mediaType,
    declaredMediaType,
    width: image.width,
    height: image.height,
    bytes: String(file.bytes),
    sha256: file.sha256,
    placeholder: preview.placeholder,
  };
}
