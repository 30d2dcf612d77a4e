import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { draw, drawStatus, happens } from './chance.js';
import { gzipBomb, pixelBomb } from './bombs.js';
import { refusal } from './refusal.js';
import { refuse, type Vendor } from './vendor-routes.js';

/** Where a redirect to a private address leads: the metadata service of a cloud. */
const privateAddress = 'http://169.254.169.254/latest/meta-data/';

const spoilers = [
  'html',
  'redirect_private',
  'bomb',
  'endless',
  'slow',
  'truncate',
  'corrupt',
  'wrong_type',
] as const;

type Spoiler = (typeof spoilers)[number];

async function* endlessly(start: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
  yield start;
  const noise = Buffer.alloc(64 * 1024, 0x5a);
  while (!signal.aborted) yield noise;
}

async function* oneByteASecond(bytes: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let index = 0; index < bytes.length; index++) {
    yield bytes.subarray(index, index + 1);
    await delay(1_000, undefined, { signal });
  }
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (
    let index = Math.floor(copy.length / 2);
    index < copy.length / 2 + 16 && index < copy.length;
    index++
  ) {
    copy[index] = (copy[index] ?? 0) ^ 0xff;
  }
  return copy;
}

/** Downloads: signed links, no key, every way in which bytes can be bad. */
export function outputRoutes(app: FastifyInstance, vendor: Vendor): void {
  const { book } = vendor;
  app.get<{
    Params: { id: string; index: string };
    Querystring: { expires?: string; signature?: string };
  }>('/outputs/:id/:index', async (request, reply) => {
    const { id } = request.params;
    const index = Number(request.params.index);
    const expires = Number(request.query.expires);
    const job = book.job(id);
    const genuine = vendor.links.isGenuine(id, index, expires, String(request.query.signature));
    if (!job || !genuine || !(index >= 0 && index < job.count)) return refuse(reply, refusal(404));

    const { faults } = book;
    const { output, seed } = faults;
    const nth = book.tick();
    const status = drawStatus(output.status, seed, 'output.status', nth);
    if (status !== undefined) return refuse(reply, refusal(status));
    const dead = happens(output.expired, seed, 'output.expired', `${id}/${index}/${expires}`);
    if (dead || Date.now() > expires) {
      const body =
        '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';
      return reply.status(403).type('application/xml').send(body);
    }

    const { bytes } = await vendor.pictures.get(job, index);
    const type = `image/${job.format}`;
    const spoiler = spoilers.find((name) => happens(output[name], seed, `output.${name}`, nth));
    return spoil(spoiler);

    async function spoil(name: Spoiler | undefined) {
      switch (name) {
        case 'html':
          return reply
            .type(type)
            .send('<!doctype html><title>Sign in</title><p>Please sign in to see this image.</p>');
        case 'redirect_private':
          return reply.redirect(privateAddress, 302);
        case 'bomb':
          return draw(seed, 'output.bomb.way', nth) < 0.5
            ? reply.type('image/png').send(await pixelBomb())
            : reply
                .type(type)
                .header('content-encoding', 'gzip')
                .send(await gzipBomb());
        case 'endless':
          return reply.type(type).send(Readable.from(endlessly(bytes, vendor.stopping)));
        case 'slow':
          return reply.type(type).send(Readable.from(oneByteASecond(bytes, vendor.stopping)));
        case 'corrupt':
          return reply.type(type).send(flipped(bytes));
        case 'wrong_type': {
          const other =
            draw(seed, 'output.wrong_type.way', nth) < 0.5 ? 'application/octet-stream' : otherImage(type);
          return reply.type(other).send(bytes);
        }
        case 'truncate': {
          const half = bytes.subarray(0, bytes.length / 2);
          if (draw(seed, 'output.truncate.way', nth) < 0.5) return reply.type(type).send(half);
          reply.hijack();
          reply.raw.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
          reply.raw.write(half, () => request.raw.socket.destroy());
          return reply;
        }
        case undefined:
        default:
          return reply.type(type).send(bytes);
      }
    }
  });
}

function otherImage(type: string): string {
  return type === 'image/jpeg' ? 'image/png' : 'image/jpeg';
}
