import { fileTypeFromBuffer } from 'file-type';
import sharp from 'sharp';
import type { IncomingFile } from '../download/incoming-file.js';
import type { OutputLimits } from '../policy/limits.js';
import { OutputRejected } from '../policy/output-rejected.js';

/** What the bytes are, whatever was said of them. */
export interface InspectedImage {
  readonly mediaType: string;
  readonly extension: string;
  /** As shown: turned as the picture asks to be. */
  readonly width: number;
  readonly height: number;
}

/** What we serve, and the name that the decoder has for it. Animations are not among them: file-type tells an APNG apart. */
const takenTypes: ReadonlyMap<string, { readonly extension: string; readonly decoder: string }> = new Map([
  ['image/png', { extension: 'png', decoder: 'png' }],
  ['image/jpeg', { extension: 'jpg', decoder: 'jpeg' }],
  ['image/webp', { extension: 'webp', decoder: 'webp' }],
]);

const notAnImage = (detail: string, cause?: unknown): OutputRejected =>
  new OutputRejected('REJECTION_REASON_NOT_AN_IMAGE', detail, { cause });

/**
 * Tells the type by the bytes, checks the size in the header, and then decodes the whole picture: magic bytes alone are no
 * proof. `failOn: error` takes what a browser would show; warnings, such as an odd colour profile, cost nobody their image.
 * @throws OutputRejected
 */
export async function inspectImage(
  file: Pick<IncomingFile, 'path' | 'head'>,
  limits: Pick<OutputLimits, 'maxPixels' | 'maxSide'>,
): Promise<InspectedImage> {
  const sniffed = await fileTypeFromBuffer(file.head).catch(() => undefined);
  const taken = takenTypes.get(sniffed?.mime ?? '');
  if (!sniffed || !taken) throw notAnImage(`the bytes are ${sniffed?.mime ?? 'no known file type'}`);

  // No limit here: only the header is read, and ours below names its rule.
  const header = await sharp(file.path, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw notAnImage(`a broken ${sniffed.mime} header`, error);
    });
  const { width, height, pages = 1, format } = header;
  if (format !== taken.decoder) throw notAnImage(`${sniffed.mime} by its start, ${format} to the decoder`);
  if (pages > 1) throw notAnImage('an animation');
  if (width > limits.maxSide || height > limits.maxSide || width * height > limits.maxPixels)
    throw new OutputRejected('REJECTION_REASON_PIXEL_LIMIT', `${width} x ${height} pixels`);

  // Every pixel, and nothing made of them: `stats()` decodes as much and computes for eight times as long (24 ms of 1024 x 1024).
  await sharp(file.path, { failOn: 'error', limitInputPixels: limits.maxPixels })
    .raw()
    .toBuffer()
    .catch((error: unknown) => {
      throw notAnImage('it does not decode to its end', error);
    });
  const shown = header.autoOrient;
  return {
    mediaType: sniffed.mime,
    extension: taken.extension,
    width: shown.width,
    height: shown.height,
  };
}
