import { createHash, randomBytes } from 'node:crypto';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunningS3, startS3 } from '@darkroom/infra';
import { objectStoreConformance } from '../testing/object-store-conformance.js';
import { ObjectStoreError, type PutObject } from './object-store.js';
import { createLogger } from '../logging/logger.js';
import { makeBucket, openObjectStore } from './open-object-store.js';
import { type S3ObjectStore, s3ObjectStore } from './s3.js';

const silent = createLogger({ service: 'test', level: 'silent' });

const objectOf = (key: string, body: Buffer): PutObject & { readonly body: Buffer } => ({
  key,
  body,
  bytes: body.length,
  sha256: createHash('sha256').update(body).digest('hex'),
  contentType: 'image/png',
});

describe('S3 as an object store', () => {
  let s3: RunningS3;
  let store: S3ObjectStore;
  const storeAt = (endpoint: string, bucket = 'images'): S3ObjectStore => {
    const { accessKeyId, secretAccessKey } = s3;
    return s3ObjectStore({ endpoint, bucket, region: 'us-east-1', accessKeyId, secretAccessKey });
  };
  beforeAll(async () => {
    s3 = await startS3();
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    // The second time it is there.
    for (let n = 0; n < 2; n += 1)
      await makeBucket({ endpoint, bucket: 'images', region: 'us-east-1', accessKeyId, secretAccessKey });
    store = storeAt(endpoint);
  });
  afterAll(async () => {
    store.stop();
    await s3.stop();
  });

  it.each(objectStoreConformance)('$name', async ({ run }) => run(store));

  it('sixteen writers of one key: one stores it, the others hear that it exists, whoever looks sees the one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const key = `race/${round}`;
      const contents = Array.from({ length: 16 }, () => randomBytes(20_000));
      const outcomes = await Promise.all(contents.map((body) => store.put(objectOf(key, body))));
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
      const winner = contents[outcomes.indexOf('stored')] ?? Buffer.alloc(0);
      expect(await store.head(key)).toMatchObject({ sha256: objectOf(key, winner).sha256 });
    }
  });

  /** A link to the server that a test breaks: what is sent passes until so many bytes, or altered, or no answer comes back. */
  const brokenLink = async (breaks: { afterSent?: number; answers?: boolean; alters?: boolean }) => {
    const target = new URL(s3.endpoint);
    const sockets = new Set<Socket>();
    let isBroken = true;
    const link = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      }
      let sent = 0;
      let isPut = false;
      near.on('data', (piece: Buffer) => {
        isPut ||= piece.subarray(0, 3).toString() === 'PUT';
        sent += piece.length;
        far.write(isBroken && breaks.alters === true ? altered(piece) : piece);
        if (isBroken && isPut && sent > (breaks.afterSent ?? Number.POSITIVE_INFINITY))
          for (const socket of [near, far]) socket.destroy();
      });
      far.on('data', (piece: Buffer) => {
        if (isBroken && isPut && breaks.answers === false) for (const socket of [near, far]) socket.destroy();
        else near.write(piece);
      });
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
    link.listen(0, '127.0.0.1');
    await once(link, 'listening');
    return {
      endpoint: `http://127.0.0.1:${(link.address() as AddressInfo).port}`,
      mend: () => (isBroken = false),
      stop: async () => {
        for (const socket of sockets) socket.destroy();
        link.close();
        await once(link, 'close');
      },
    };
  };

  /** One byte of an image of nothing but A. */
  const altered = (piece: Buffer): Buffer => {
    const at = piece.indexOf('AAAAAAAAAAAAAAAA');
    if (at < 0) return piece;
    const other = Buffer.from(piece);
    other.write('B', at + 8);
    return other;
  };

  it.each([
    ['at once', (body: Buffer) => body],
    ['as a stream', (body: Buffer) => Readable.from([body.subarray(0, 30_000), body.subarray(30_000)])],
  ])(
    'an image that is altered on its way, sent %s, is refused by the server and not kept',
    async (how, bodyOf) => {
      const link = await brokenLink({ alters: true });
      const through = storeAt(link.endpoint);
      const object = objectOf(`altered/${how.replaceAll(' ', '-')}`, Buffer.alloc(100_000, 'A'));
      await expect(through.put({ ...object, body: bodyOf(object.body) })).rejects.toBeInstanceOf(
        ObjectStoreError,
      );
      expect(await store.head(object.key)).toBeNull();
      link.mend();
      expect(await through.put({ ...object, body: bodyOf(object.body) })).toBe('stored');
      through.stop();
      await link.stop();
    },
  );

  it('an upload that is cut is not kept; the same put afterwards stores it', async () => {
    const link = await brokenLink({ afterSent: 500_000 });
    const through = storeAt(link.endpoint);
    const object = objectOf('cut/one', randomBytes(2_000_000));
    await expect(through.put(object)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.head('cut/one')).toBeNull();
    link.mend();
    expect(await through.put(object)).toBe('stored');
    expect(await store.head('cut/one')).toMatchObject({ sha256: object.sha256, bytes: object.bytes });
    through.stop();
    await link.stop();
  });

  it('an upload may take long where its way is slow; a server that says nothing may not', async () => {
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    const key = { bucket: 'images', region: 'us-east-1', accessKeyId, secretAccessKey, silentMs: 1_000 };
    const patient = s3ObjectStore({ ...key, endpoint });
    const object = objectOf('slow/one', randomBytes(60_000));
    const slowly = Readable.from(
      (async function* () {
        for (let at = 0; at < object.bytes; at += 10_000) {
          await delay(250);
          yield object.body.subarray(at, at + 10_000);
        }
      })(),
    );
    expect(await patient.put({ ...object, body: slowly })).toBe('stored');
    patient.stop();
    const mute = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const asked = s3ObjectStore({
      ...key,
      endpoint: `http://127.0.0.1:${(mute.address() as AddressInfo).port}`,
    });
    const began = performance.now();
    await expect(asked.head('any')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(asked.checkBucket()).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - began).toBeLessThan(15_000);
    asked.stop();
    mute.close();
  });

  it('a put whose answer was lost is there, and is told as existing when it is put again', async () => {
    const link = await brokenLink({ answers: false });
    const through = storeAt(link.endpoint);
    const object = objectOf('lost/one', randomBytes(50_000));
    await expect(through.put(object)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.head('lost/one')).toMatchObject({ sha256: object.sha256 });
    link.mend();
    expect(await through.put(object)).toBe('exists');
    through.stop();
    await link.stop();
  });

  it('a link gives the object without a key, until it has run out, and not when it was altered', async () => {
    const object = objectOf('linked/one.png', randomBytes(10_000));
    await store.put(object);
    const link = await store.linkTo('linked/one.png', 2);
    const answer = await fetch(link);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(Buffer.from(await answer.arrayBuffer()).equals(object.body)).toBe(true);
    expect((await fetch(link.replace('one.png', 'two.png'))).status).toBe(403);
    await delay(3_000);
    expect((await fetch(link)).status).toBe(403);
  });

  it('a bucket that is not there, or not for this key, is a wrong setting; a server that is away is not', async () => {
    const { endpoint, accessKeyId, secretAccessKey } = s3;
    const settings = { kind: 's3', endpoint, region: 'us-east-1', accessKeyId, secretAccessKey } as const;
    const opened = await openObjectStore({ ...settings, bucket: 'images' }, silent);
    await opened.put(objectOf('opened/one', Buffer.from('one')));
    expect(await store.head('opened/one')).not.toBeNull();
    opened.stop?.();
    await expect(openObjectStore({ ...settings, bucket: 'no-such' }, silent)).rejects.toThrow(
      'wrong settings: S3 bucket no-such: there is no such bucket',
    );
    const another = { ...settings, bucket: 'images', secretAccessKey: 'another' };
    await expect(openObjectStore(another, silent)).rejects.toThrow('the key may not use it (403)');
    const away = { ...settings, bucket: 'images', endpoint: 'http://127.0.0.1:9' };
    (await openObjectStore(away, silent)).stop?.();
  });

  it('a server that is away, and a bucket that is not there, are unavailable, and not an object that is missing', async () => {
    const away = storeAt('http://127.0.0.1:9');
    await expect(away.head('any')).rejects.toMatchObject({ code: 'unavailable' });
    away.stop();
    const { accessKeyId } = s3;
    const locked = s3ObjectStore({
      endpoint: s3.endpoint,
      bucket: 'images',
      region: 'us-east-1',
      accessKeyId,
      secretAccessKey: 'another',
    });
    await expect(locked.put(objectOf('locked', Buffer.from('x')))).rejects.toMatchObject({
      code: 'unavailable',
    });
    locked.stop();
  });
});
