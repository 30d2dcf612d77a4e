import { createHash } from 'node:crypto';
import type { ObjectStore, PutObject } from '@darkroom/platform';

/** What the store holds is not what was put: nothing may be called available. */
export class StoredObjectDiffers extends Error {
  override readonly name = 'StoredObjectDiffers';
  readonly code = 'stored_object_differs';
}

/**
 * Puts an object where none is, and asks the store what it now holds. One that is there already is as good, if it is the same:
 * another run of this step put it.
 * @throws StoredObjectDiffers, ObjectStoreError
 */
export async function putVerified(
  objects: Pick<ObjectStore, 'put' | 'head'>,
  object: PutObject,
): Promise<void> {
  await objects.put(object);
  const held = await objects.head(object.key);
  if (held?.sha256 !== object.sha256 || held.bytes !== object.bytes)
    throw new StoredObjectDiffers(`the store holds something else under ${object.key}`);
}

/** The same for bytes that are derived anew each time: what is there already stays, whatever encoder made it. */
export async function putDerived(
  objects: Pick<ObjectStore, 'put' | 'head'>,
  object: { readonly key: string; readonly body: Buffer; readonly contentType: string },
): Promise<void> {
  const { body } = object;
  const sha256 = createHash('sha256').update(body).digest('hex');
  const outcome = await objects.put({ ...object, bytes: body.length, sha256 });
  const held = await objects.head(object.key);
  if (!held || (outcome === 'stored' && held.sha256 !== sha256))
    throw new StoredObjectDiffers(`the store holds something else under ${object.key}`);
}
