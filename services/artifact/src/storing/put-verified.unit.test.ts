import { createHash } from 'node:crypto';
import type { ObjectFacts } from '@darkroom/platform';
import { putDerived, putVerified } from './put-verified.js';

const body = Buffer.from('an image');
const sha256 = createHash('sha256').update(body).digest('hex');
const object = { key: 'artifacts/a', body, bytes: body.length, sha256, contentType: 'image/png' };
const facts: ObjectFacts = { bytes: body.length, sha256, contentType: 'image/png' };
const differs = { code: 'stored_object_differs' };

/** A store that says of itself whatever it is told to say. */
const storeThatSays = (outcome: 'stored' | 'exists', held: ObjectFacts | null) => ({
  put: async () => outcome,
  head: async () => held,
});

describe('a verified put', () => {
  it('takes what is there already for its own where it is the same', async () => {
    await putVerified(storeThatSays('exists', facts), object);
    await putVerified(storeThatSays('stored', facts), object);
  });

  it.each<[string, ObjectFacts | null]>([
    ['nothing', null],
    ['other bytes', { ...facts, sha256: '0'.repeat(64) }],
    ['another length', { ...facts, bytes: 3 }],
  ])('believes no store that holds %s afterwards', async (_, held) => {
    await expect(putVerified(storeThatSays('stored', held), object)).rejects.toMatchObject(differs);
    await expect(putVerified(storeThatSays('exists', held), object)).rejects.toMatchObject(differs);
  });
});

describe('a put of what is derived', () => {
  it('leaves an earlier one where it is, and looks at a new one', async () => {
    const other = { ...facts, sha256: '0'.repeat(64) };
    await putDerived(storeThatSays('exists', other), object);
    await expect(putDerived(storeThatSays('stored', other), object)).rejects.toMatchObject(differs);
    await expect(putDerived(storeThatSays('exists', null), object)).rejects.toMatchObject(differs);
  });
});
