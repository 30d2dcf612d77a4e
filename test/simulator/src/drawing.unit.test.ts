import sharp from 'sharp';
import { drawPicture, type PictureOrder } from './drawing.js';

const order: PictureOrder = {
  prompt: 'a boat',
  seed: 1,
  index: 0,
  width: 1_024,
  height: 1_024,
  format: 'png',
};

describe('drawPicture', () => {
  it.each(['png', 'jpeg', 'webp'] as const)('draws a real %s of at most 40 kB', async (format) => {
    const bytes = await drawPicture({ ...order, format });
    expect(bytes.length).toBeLessThan(40_000);
    expect(await sharp(bytes).metadata()).toMatchObject({ format, width: 1_024, height: 1_024 });
    await sharp(bytes).raw().toBuffer();
  });

  it.each([
    [64, 64],
    [4_096, 64],
    [64, 4_096],
    [77, 1_001],
    [4_096, 4_096],
  ])('draws %ix%i', async (width, height) => {
    const bytes = await drawPicture({ ...order, width, height });
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width, height });
  });

  it('draws the same again, and something else for another prompt, seed or index', async () => {
    const [one, same, ...others] = await Promise.all(
      [{}, {}, { prompt: 'a goat' }, { seed: 2 }, { index: 1 }].map((change) =>
        drawPicture({ ...order, ...change }),
      ),
    );
    expect(same?.equals(one ?? Buffer.alloc(0))).toBe(true);
    for (const other of others) expect(other.equals(one ?? Buffer.alloc(0))).toBe(false);
  });
});
