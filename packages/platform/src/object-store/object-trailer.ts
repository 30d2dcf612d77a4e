import { z } from 'zod';
import { ObjectStoreError, type ObjectFacts } from './object-store.js';

/**
 * A stored file is the object's bytes and then this many bytes of facts about them: one file, so that both appear in one
 * step, and pictures can still be opened where they lie.
 */
export const trailerBytes = 512;

const trailer = z.object({
  darkroom: z.literal(1),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  contentType: z.string(),
});

/** @throws RangeError where the content type is absurdly long */
export function writeTrailer(facts: ObjectFacts): Buffer {
  const text = `\n${JSON.stringify({ darkroom: 1, ...facts })}`;
  const padding = trailerBytes - 1 - Buffer.byteLength(text);
  if (padding < 0) throw new RangeError('the content type is too long');
  return Buffer.from(`${text}${' '.repeat(padding)}\n`);
}

/**
 * Facts of a stored file from its last bytes.
 * @throws ObjectStoreError `damaged`
 */
export function readTrailer(key: string, tail: Buffer, fileBytes: number): ObjectFacts {
  let content: unknown;
  try {
    content = JSON.parse(tail.toString());
  } catch {
    content = undefined;
  }
  const read = trailer.safeParse(content);
  if (!read.success || read.data.bytes !== fileBytes - trailerBytes)
    throw new ObjectStoreError('damaged', `the file of object ${key} is damaged`);
  const { bytes, sha256, contentType } = read.data;
  return { bytes, sha256, contentType };
}
