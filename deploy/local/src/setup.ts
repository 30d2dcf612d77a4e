import {
  ConfigError,
  makeBucket,
  objectStoreSettingNames,
  objectStoreSettings,
  readSettings,
  runMain,
} from '@darkroom/platform';
import { bringUpToDate } from './database.js';

/**
 * Prepares what the services of an installation find there: brings the schemas of its database up to date, and makes its bucket. May be run
 * again, before each new version.
 */
async function main(): Promise<void> {
  const settings = readSettings(
    ['DATABASE_URL', 'DATABASE_OWNER_URL', ...objectStoreSettingNames],
    process.env,
  );
  const { DATABASE_URL: url, DATABASE_OWNER_URL: ownerUrl } = settings;
  if (url === undefined || ownerUrl === undefined)
    throw new ConfigError(
      'DATABASE_URL and DATABASE_OWNER_URL are needed: the owner migrates for the others',
    );
  const progress = (line: string): void => void process.stdout.write(`  ${line}\n`);
  await bringUpToDate({ url, apiUrl: url, ownerUrl, postgres: undefined }, progress);
  const objects = objectStoreSettings(settings);
  if (objects.kind === 's3') {
    progress(`Making the bucket ${objects.bucket} where it is not there`);
    await makeBucket(objects);
  }
  process.stdout.write('Ready for the services.\n');
}

await runMain('setup', main);
