import type { ObjectStore } from './object-store.js';

/** Objects as files below a folder. */
export function localDiskObjectStore(_directory: string): ObjectStore {
  throw new Error('not yet');
}
