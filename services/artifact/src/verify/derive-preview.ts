import sharp from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';

/** What is shown before the picture itself. Stripped: a place or a camera may be known from the original alone. */
export interface Preview {
  /** WebP, at most 320 pixels a side. */
  readonly thumbnail: Buffer;
  /** thumbhash, base64. */
  readonly placeholder: string;
}

export const thumbnailType = 'image/webp';
const thumbnailSide = 320;
/** thumbhash takes no more. */
const placeholderSide = 100;

/** Derives the preview of a picture that was inspected; it never replaces the original. */
export async function derivePreview(path: string, maxPixels: number): Promise<Preview> {
  const thumbnail = await sharp(path, { failOn: 'error', limitInputPixels: maxPixels })
    .autoOrient()
    .resize(thumbnailSide, thumbnailSide, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 78 })
    .toBuffer();
  const { data, info } = await sharp(thumbnail)
    .resize(placeholderSide, placeholderSide, { fit: 'inside', withoutEnlargement: true })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const placeholder = Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64');
  return { thumbnail, placeholder };
}
