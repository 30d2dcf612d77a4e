import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { type Answer, objectFolders, type ObjectStore, ObjectStoreError } from '@darkroom/platform';
import type { VendorOutput } from '@darkroom/providers';
import { z } from 'zod';
import type { StagedKeys } from '../policy/vendor-news.js';

const stagedAnswer = z.object({
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.base64(),
});

/** Answers and inline images are kept before anything is appended: whoever takes over can read them. */
export interface Staging {
  answerKey(generation: string, attempt: number): string;
  putAnswer(generation: string, attempt: number, answer: Answer): Promise<void>;
  /** Null: none was staged. */
  getAnswer(generation: string, attempt: number): Promise<Answer | null>;
  /** A webhook that intake put there; null: it is not there, or is not what was put. */
  getWebhook(key: string): Promise<Buffer | null>;
  /** Keys of the inline outputs, by index. */
  putOutputs(generation: string, attempt: number, outputs: readonly VendorOutput[]): Promise<StagedKeys>;
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Staging in the object store, under `staging/<generation>/<attempt>/`. */
export function objectStoreStaging(objects: ObjectStore): Staging {
  const answerKey = (generation: string, attempt: number): string =>
    `${objectFolders.staging(generation)}/${attempt}/answer`;
  const put = async (key: string, body: Buffer, contentType: string): Promise<void> => {
    await objects.put({ key, body, sha256: sha256Of(body), bytes: body.length, contentType });
  };
  const read = async (key: string): Promise<Buffer | null> => {
    const stream = await objects.get(key);
    if (stream === null) return null;
    try {
      return await buffer(stream);
    } catch (error) {
      // A damaged copy is no copy; what else settles the attempt still can.
      if (error instanceof ObjectStoreError && error.code === 'damaged') return null;
      throw error;
    }
  };
  return {
    answerKey,
    getWebhook: read,
    async putAnswer(generation, attempt, { status, headers, body }) {
      const text = JSON.stringify({ status, headers, body: body.toString('base64') });
      await put(answerKey(generation, attempt), Buffer.from(text), 'application/json');
    },
    async getAnswer(generation, attempt) {
      const staged = await read(answerKey(generation, attempt));
      if (staged === null) return null;
      const { status, headers, body } = stagedAnswer.parse(JSON.parse(staged.toString('utf8')));
      return { kind: 'answer', status, headers, body: Buffer.from(body, 'base64') };
    },
    async putOutputs(generation, attempt, outputs) {
      const keys = new Map<number, string>();
      for (const { index, source, mediaType } of outputs) {
        if (source.kind !== 'inline') continue;
        const body = Buffer.from(source.bytes);
        const key = `${objectFolders.staging(generation)}/${attempt}/${index}-${sha256Of(body)}`;
        await put(key, body, mediaType === '' ? 'application/octet-stream' : mediaType);
        keys.set(index, key);
      }
      return keys;
    },
  };
}
