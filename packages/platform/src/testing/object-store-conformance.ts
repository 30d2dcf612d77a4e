import type { ObjectStore } from '../object-store/object-store.js';

/** What every object store must do; called at the top of a test file. */
export function objectStoreConformance(
  _name: string,
  _make: () => Promise<{ store: ObjectStore; drop(): Promise<void> }>,
): void {
  throw new Error('not yet');
}
