import { ObjectStoreError } from './object-store.js';

const segment = /^[A-Za-z0-9._=-]{1,200}$/;

/**
 * The segments of a key that every store takes: no empty, `.` or `..` among them, so that a key can never leave its folder.
 * @throws ObjectStoreError `invalid_key`
 */
export function segmentsOf(key: string): string[] {
  const segments = key.split('/');
  const fits = (part: string): boolean => segment.test(part) && part !== '.' && part !== '..';
  // S3 takes 1,024 bytes.
  if (key.length > 1_024 || !segments.every(fits))
    throw new ObjectStoreError('invalid_key', `not an object key: ${JSON.stringify(key.slice(0, 100))}`);
  return segments;
}
