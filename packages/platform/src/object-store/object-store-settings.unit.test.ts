import { readSettings } from '../config/settings.js';
import { objectStoreSettingNames, objectStoreSettings } from './open-object-store.js';

const settingsOf = (env: Record<string, string>) =>
  objectStoreSettings(readSettings(objectStoreSettingNames, env));
const key = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' };

describe('where images are kept', () => {
  it('is below the data folder where no bucket is named', () => {
    expect(settingsOf({ DATA_DIR: '/data', S3_REGION: 'eu-west-1' })).toEqual({
      kind: 'local-disk',
      directory: '/data/objects',
    });
  });

  it('is the bucket that is named, at AWS where no server is', () => {
    const bucket = { kind: 's3', bucket: 'images', accessKeyId: 'id', secretAccessKey: 'secret' };
    expect(settingsOf({ ...key, S3_BUCKET: 'images', S3_ENDPOINT: 'http://127.0.0.1:8333' })).toEqual({
      ...bucket,
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:8333',
    });
    expect(settingsOf({ ...key, S3_BUCKET: 'images', S3_REGION: 'eu-west-1' })).toEqual({
      ...bucket,
      region: 'eu-west-1',
      endpoint: undefined,
    });
  });

  it.each([
    [
      { S3_ENDPOINT: 'http://127.0.0.1:8333' },
      'S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY is missing',
    ],
    [{ S3_BUCKET: 'images', S3_ACCESS_KEY_ID: 'id' }, 'S3_SECRET_ACCESS_KEY is missing'],
    [key, 'S3_BUCKET is missing'],
  ] as [Record<string, string>, string][])('is refused when it is named in part: %j', (env, message) => {
    expect(() => settingsOf(env)).toThrow(message);
  });
});
