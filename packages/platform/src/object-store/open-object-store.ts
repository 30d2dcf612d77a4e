import { join } from 'node:path';
import { ConfigError } from '../config/config-error.js';
import type { SettingName, SettingValues } from '../config/settings.js';
import type { Logger } from '../logging/logger.js';
import { localDiskObjectStore } from './local-disk.js';
import { type ObjectStore, ObjectStoreError } from './object-store.js';
import type { S3ObjectStore, S3Settings } from './s3.js';

/** Where the images are kept. */
export type ObjectStoreSettings =
  { readonly kind: 'local-disk'; readonly directory: string } | ({ readonly kind: 's3' } & S3Settings);

/** The settings that say it. */
export const objectStoreSettingNames = [
  'DATA_DIR',
  'S3_ENDPOINT',
  'S3_BUCKET',
  'S3_REGION',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
] as const satisfies readonly SettingName[];

/**
 * Local disk below the data folder, or the bucket that is named.
 * @throws ConfigError where a bucket is named and not all that is needed to reach it
 */
export function objectStoreSettings(
  read: SettingValues<(typeof objectStoreSettingNames)[number]>,
): ObjectStoreSettings {
  const { S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = read;
  const needed = { S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY };
  if (S3_ENDPOINT === undefined && Object.values(needed).every((value) => value === undefined))
    return { kind: 'local-disk', directory: join(read.DATA_DIR, 'objects') };
  if (S3_BUCKET === undefined || S3_ACCESS_KEY_ID === undefined || S3_SECRET_ACCESS_KEY === undefined) {
    const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? [name] : []));
    throw new ConfigError(
      `wrong settings: images are to be kept in S3, and ${missing.join(', ')} is missing`,
    );
  }
  return {
    kind: 's3',
    endpoint: S3_ENDPOINT,
    bucket: S3_BUCKET,
    region: S3_REGION,
    accessKeyId: S3_ACCESS_KEY_ID,
    secretAccessKey: S3_SECRET_ACCESS_KEY,
  };
}

/**
 * The store that the settings name. A bucket is looked for once: one that cannot be used is a wrong setting, a server that is away is not.
 * @throws ConfigError
 */
export async function openObjectStore(settings: ObjectStoreSettings, logger: Logger): Promise<ObjectStore> {
  if (settings.kind === 'local-disk') return localDiskObjectStore(settings.directory);
  const store = await openBucket(settings);
  try {
    await store.checkBucket();
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    if (error.code === 'no_bucket') {
      store.stop();
      throw new ConfigError(`wrong settings: ${error.message}`, { cause: error });
    }
    logger.warn({ err: error }, 'the object store does not answer; it is asked again when it is needed');
  }
  return store;
}

/** Whoever keeps images on disk need not load the SDK. */
async function openBucket(settings: S3Settings): Promise<S3ObjectStore> {
  // It warns at each start of a Node that its next versions will not run on.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const { s3ObjectStore } = await import('./s3.js');
  return s3ObjectStore(settings);
}

/**
 * Makes the bucket where it is not there, for who runs a server of one's own.
 * @throws ObjectStoreError `unavailable`
 */
export async function makeBucket(settings: S3Settings): Promise<void> {
  const store = await openBucket(settings);
  try {
    await store.makeBucket();
  } finally {
    store.stop();
  }
}
