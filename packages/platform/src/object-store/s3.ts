import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { segmentsOf } from './object-key.js';
import {
  type ByteRange,
  type ObjectFacts,
  type ObjectStore,
  ObjectStoreError,
  type PutObject,
} from './object-store.js';

/** Where the bucket is, and the key to it. */
export interface S3Settings {
  /** Absent: AWS itself, by the region. */
  readonly endpoint?: string | undefined;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Longest time between two signs of life of a server that was asked. Default 20,000. */
  readonly silentMs?: number;
}

/** Objects in a bucket, which also hands out links to them. */
export type S3ObjectStore = ObjectStore &
  Required<Pick<ObjectStore, 'linkTo' | 'stop'>> & {
    /**
     * Whether the bucket is there for this key.
     * @throws ObjectStoreError `no_bucket`, or `unavailable` where the server is not there
     */
    checkBucket(): Promise<void>;
    /**
     * Makes the bucket where it is not there.
     * @throws ObjectStoreError `unavailable`
     */
    makeBucket(): Promise<void>;
  };

const ignore = (): void => undefined;
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
const connectMs = 3_000;
const silentMs = 20_000;
/** A start waits for no more than a look. */
const lookMs = 3_000;

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
const base64Of = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

/** @throws ObjectStoreError `unavailable`: the key, the bucket or the server is not there, or not now */
async function server<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ObjectStoreError) throw error;
    const name = error instanceof Error ? error.name : 'unknown';
    throw new ObjectStoreError(
      'unavailable',
      `S3: cannot ${what} (${name}, ${statusOf(error) ?? 'no answer'})`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Objects in S3, or what speaks its protocol. A put is conditional on the key being free and carries the checksum, which the server compares
 * with what it got: an object is whole or not there. A put whose answer was lost is told as `exists` when it is put again.
 */
export function s3ObjectStore(settings: S3Settings): S3ObjectStore {
  const { bucket: Bucket, endpoint, region, accessKeyId, secretAccessKey } = settings;
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 3,
    // What it would tell the console comes as an error too.
    logger: silent,
    // Ours is a sha256 that is known before; the SDK need make none of its own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Of the whole request nothing is asked: an upload takes as long as its way is slow.
    requestHandler: { connectionTimeout: connectMs, socketTimeout: settings.silentMs ?? silentMs },
  });

  const factsOf = async (Key: string): Promise<ObjectFacts | null> =>
    server('look', async () => {
      try {
        const found = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
        const sha256 =
          found.ChecksumSHA256 === undefined ? found.Metadata?.['sha256'] : hexOf(found.ChecksumSHA256);
        if (sha256 === undefined || found.ContentLength === undefined)
          throw new ObjectStoreError('damaged', `${Key} was not put by us: it has no sha256`);
        return { bytes: found.ContentLength, sha256, contentType: found.ContentType ?? '' };
      } catch (error) {
        if (statusOf(error) === 404) return null;
        throw error;
      }
    });

  const send = async (
    object: PutObject,
    body: Buffer | Readable,
    abortSignal?: AbortSignal,
  ): Promise<'stored' | 'exists'> => {
    try {
      await client.send(
        new PutObjectCommand({
          Bucket,
          Key: object.key,
          Body: body,
          ContentLength: object.bytes,
          ContentType: object.contentType,
          ChecksumSHA256: base64Of(object.sha256),
          IfNoneMatch: '*',
          Metadata: { sha256: object.sha256 },
        }),
        abortSignal === undefined ? {} : { abortSignal },
      );
      return 'stored';
    } catch (error) {
      if (statusOf(error) === 412) return 'exists';
      // Another is just putting it, or it got other bytes than were announced.
      if (error instanceof S3ServiceException && error.name === 'BadDigest')
        throw new ObjectStoreError('checksum_mismatch', 'the server got other bytes than were announced', {
          cause: error,
        });
      throw error;
    }
  };

  return {
    put: async (object) => {
      const { key, body } = object;
      try {
        segmentsOf(key);
        const found = await factsOf(key).catch((error: unknown) => {
          if (error instanceof ObjectStoreError && error.code === 'damaged') return null;
          throw error;
        });
        if (found?.sha256 === object.sha256 && found.bytes === object.bytes) return 'exists';
        if (Buffer.isBuffer(body)) {
          compare(object, body.length, createHash('sha256').update(body).digest('hex'));
          return await server('put', () => send(object, body));
        }
        const checked = checking(object, body);
        try {
          return await server('put', () => send(object, checked.stream, checked.signal));
        } catch (error) {
          throw checked.failure() ?? error;
        }
      } finally {
        if (!Buffer.isBuffer(body)) body.destroy();
      }
    },
    head: async (key) => {
      segmentsOf(key);
      return factsOf(key);
    },
    get: async (key, range) => {
      segmentsOf(key);
      return server('get', async () => {
        try {
          const found = await client.send(
            new GetObjectCommand({
              Bucket,
              Key: key,
              ...(range === undefined ? {} : { Range: headerOf(range) }),
            }),
          );
          // In Node it always is.
          if (!(found.Body instanceof Readable)) throw new ObjectStoreError('unavailable', 'S3: no body');
          return found.Body;
        } catch (error) {
          if (statusOf(error) === 404) return null;
          if (statusOf(error) === 416) return Readable.from([]);
          throw error;
        }
      });
    },
    list: (folder) => {
      const Prefix = `${folder}/`;
      return (async function* () {
        segmentsOf(folder);
        for (let token: string | undefined, more = true; more;) {
          const page = await server('list', () =>
            client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken: token })),
          );
          for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
          token = page.NextContinuationToken;
          more = token !== undefined;
        }
      })();
    },
    delete: async (key) => {
      segmentsOf(key);
      await server('delete', () => client.send(new DeleteObjectCommand({ Bucket, Key: key })));
    },
    linkTo: async (key, seconds, as = {}) => {
      segmentsOf(key);
      const command = new GetObjectCommand({
        Bucket,
        Key: key,
        ResponseContentType: as.contentType,
        ResponseContentDisposition: as.contentDisposition,
        ResponseCacheControl: as.cacheControl,
      });
      return getSignedUrl(client, command, { expiresIn: seconds });
    },
    makeBucket: async () =>
      server('make the bucket', async () => {
        try {
          // Whose key may not make one may find it there.
          const there = await client.send(new HeadBucketCommand({ Bucket })).then(
            () => true,
            (error: unknown) => {
              if (statusOf(error) === 404) return false;
              throw error;
            },
          );
          if (!there) await client.send(new CreateBucketCommand({ Bucket }));
        } catch (error) {
          if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
        }
      }),
    checkBucket: async () =>
      server('look at the bucket', async () => {
        try {
          await client.send(new HeadBucketCommand({ Bucket }), { abortSignal: AbortSignal.timeout(lookMs) });
        } catch (error) {
          const status = statusOf(error);
          if (status === undefined || status >= 500) throw error;
          // To one who may not see it a bucket that is not there is forbidden too.
          const why = status === 404 ? 'there is no such bucket' : `the key may not use it (${status})`;
          throw new ObjectStoreError('no_bucket', `S3 bucket ${Bucket}: ${why}`, { cause: error });
        }
      }),
    stop: () => client.destroy(),
  };
}

const headerOf = ({ start, end }: ByteRange): string => `bytes=${Math.max(0, start)}-${end ?? ''}`;

/** @throws ObjectStoreError `size_mismatch` or `checksum_mismatch` */
function compare(object: PutObject, bytes: number, sha256: string): void {
  if (bytes !== object.bytes)
    throw new ObjectStoreError('size_mismatch', `${bytes} bytes instead of the announced ${object.bytes}`);
  if (sha256 !== object.sha256)
    throw new ObjectStoreError('checksum_mismatch', `sha256 is ${sha256}, announced was ${object.sha256}`);
}

/**
 * Counts and hashes what passes, and breaks off what is not what was announced, before its last byte is sent. The SDK does not hear of the
 * end of a body that breaks, and would wait for the rest: the signal tells it.
 */
function checking(
  object: PutObject,
  body: Readable,
): { readonly stream: Readable; readonly signal: AbortSignal; failure(): unknown } {
  const broken = new AbortController();
  const hash = createHash('sha256');
  let bytes = 0;
  let failed: { readonly error: unknown } | undefined;
  let held: Buffer | undefined;
  const stream = new Transform({
    transform(piece: Buffer, _, done) {
      bytes += piece.length;
      hash.update(piece);
      // Whoever sends more than it announced must not have a whole object made of its beginning.
      const before = held;
      held = piece;
      if (bytes > object.bytes)
        done(new ObjectStoreError('size_mismatch', `more than the announced ${object.bytes} bytes`));
      else done(null, before);
    },
    flush(done) {
      try {
        compare(object, bytes, hash.digest('hex'));
        done(null, held);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
  const fail = (error: Error): void => {
    failed ??= { error };
    broken.abort();
  };
  stream.on('error', fail);
  body.on('error', (error) => {
    fail(error);
    stream.destroy(error);
  });
  body.pipe(stream);
  return { stream, signal: broken.signal, failure: () => failed?.error };
}
