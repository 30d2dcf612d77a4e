import { promisify } from 'node:util';
import { crc32, deflate, gzip } from 'node:zlib';

const deflated = promisify(deflate);
const gzipped = promisify(gzip);

let pixels: Promise<Buffer> | undefined;
let zipped: Promise<Buffer> | undefined;

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + data.length + 4);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), frame.length - 4);
  return frame;
}

/** A valid PNG of 14000x14000 in about 24 kB: 196 million pixels for whoever decodes before looking at the header. */
export function pixelBomb(): Promise<Buffer> {
  pixels ??= (async () => {
    const side = 14_000;
    const header = Buffer.alloc(13);
    header.writeUInt32BE(side, 0);
    header.writeUInt32BE(side, 4);
    // One bit a pixel, grey.
    header.set([1, 0, 0, 0, 0], 8);
    const rows = Buffer.alloc((1 + side / 8) * side);
    return Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('IDAT', await deflated(rows, { level: 9 })),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  })();
  return pixels;
}

/** 128 MB of zeros as about 125 kB of gzip. */
export function gzipBomb(): Promise<Buffer> {
  zipped ??= gzipped(Buffer.alloc(128 * 1024 * 1024), { level: 9 });
  return zipped;
}
