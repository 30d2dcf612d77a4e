import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { defaultLimits } from '../policy/limits.js';
import { animationChunk, greyPng, picture } from '../testing/pictures.js';
import { derivePreview } from './derive-preview.js';
import { inspectImage, type InspectedImage } from './inspect-image.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'darkroom-inspect-'))));
afterAll(async () => rm(folder, { recursive: true }));

let files = 0;
const fileOf = async (bytes: Buffer): Promise<string> => {
  const path = join(folder, String((files += 1)));
  await writeFile(path, bytes);
  return path;
};
const inspect = async (bytes: Buffer): Promise<InspectedImage> =>
  inspectImage({ path: await fileOf(bytes), head: bytes.subarray(0, 65_536) }, defaultLimits);
const notAnImage = { reason: 'REJECTION_REASON_NOT_AN_IMAGE' };
const pixelLimit = { reason: 'REJECTION_REASON_PIXEL_LIMIT' };

describe('inspecting an image', () => {
  it.each([
    ['png', 'image/png', 'png'],
    ['jpeg', 'image/jpeg', 'jpg'],
    ['webp', 'image/webp', 'webp'],
  ] as const)('tells a %s', async (format, mediaType, extension) => {
    expect(await inspect(await picture(format))).toEqual({ mediaType, extension, width: 320, height: 200 });
  });

  it('tells the size as it is shown', async () => {
    const turned = await sharp(await picture('jpeg'))
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect(await inspect(turned)).toMatchObject({ width: 200, height: 320 });
  });

  it.each(['png', 'jpeg', 'webp'] as const)('refuses a %s that was cut', async (format) => {
    const bytes = await picture(format);
    await expect(inspect(bytes.subarray(0, bytes.length / 2))).rejects.toMatchObject(notAnImage);
    await expect(inspect(bytes.subarray(0, bytes.length - 40))).rejects.toMatchObject(notAnImage);
    await expect(inspect(bytes.subarray(0, 20))).rejects.toMatchObject(notAnImage);
  });

  it('refuses a PNG with bytes turned over', async () => {
    const bytes = await picture('png');
    for (let index = 0; index < 16; index += 1)
      bytes.writeUInt8(bytes.readUInt8((bytes.length >> 1) + index) ^ 0xff, (bytes.length >> 1) + index);
    await expect(inspect(bytes)).rejects.toMatchObject(notAnImage);
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['HTML', Buffer.from('<!doctype html><title>Sign in</title>')],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['a start without a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
    ['a ZIP', Buffer.from('PK\u0003\u0004 and so on')],
    ['a PDF', Buffer.from('%PDF-1.7 and so on')],
    ['an APNG', greyPng(10, 10, [animationChunk()])],
  ])('refuses %s', async (_, bytes) => {
    await expect(inspect(bytes)).rejects.toMatchObject(notAnImage);
  });

  it('refuses animations', async () => {
    const frames = Buffer.concat([Buffer.alloc(30 * 30 * 3, 10), Buffer.alloc(30 * 30 * 3, 200)]);
    const raw = { width: 30, height: 60, channels: 3, pageHeight: 30 } as const;
    for (const format of ['gif', 'webp'] as const) {
      const bytes = await sharp(frames, { raw, animated: true }).toFormat(format).toBuffer();
      await expect(inspect(bytes)).rejects.toMatchObject(notAnImage);
    }
  });

  it.each([
    [14_000, 14_000],
    [65_535, 1],
    [1, 65_535],
  ])('refuses %d x %d pixels by the header, fast', async (width, height) => {
    const bytes = greyPng(width, height);
    expect(bytes.length).toBeLessThan(1_000_000);
    const before = process.cpuUsage();
    await expect(inspect(bytes)).rejects.toMatchObject(pixelLimit);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(500);
  });

  it('refuses a size of nothing', async () => {
    await expect(inspect(greyPng(0, 0))).rejects.toMatchObject(notAnImage);
  });
});

describe('the preview', () => {
  it('is a small WebP without metadata, turned as it is shown, and a placeholder', async () => {
    const source = await sharp(await picture('jpeg', 1_000, 500))
      .withExif({ IFD0: { Make: 'a camera' }, IFD3: { GPSLatitude: '1/1 2/1 3/1' } })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const { thumbnail, placeholder } = await derivePreview(await fileOf(source), 1e7);
    const { format, width, height, exif, orientation } = await sharp(thumbnail).metadata();
    expect({ format, width, height, exif, orientation }).toEqual({
      format: 'webp',
      width: 160,
      height: 320,
      exif: undefined,
      orientation: undefined,
    });
    expect(Buffer.from(placeholder, 'base64').length).toBeGreaterThan(4);
    expect(placeholder.length).toBeLessThan(60);
  });

  it('has nothing of an archive that hides behind the picture, which is taken for the picture alone', async () => {
    const archive = Buffer.from(`PK\u0003\u0004 hidden.js PK\u0005\u0006${'\0'.repeat(18)}`, 'latin1');
    const polyglot = Buffer.concat([await picture('png'), archive]);
    expect(await inspect(polyglot)).toMatchObject({ mediaType: 'image/png', extension: 'png' });
    const { thumbnail } = await derivePreview(await fileOf(polyglot), 1e7);
    expect(thumbnail.includes('PK\u0003\u0004')).toBe(false);
    expect(thumbnail.includes('hidden.js')).toBe(false);
  });

  it('does not grow a small picture', async () => {
    const { thumbnail } = await derivePreview(await fileOf(await picture('png', 40, 30)), 1e7);
    expect(await sharp(thumbnail).metadata()).toMatchObject({ width: 40, height: 30 });
  });
});
