import type { Generation } from '../api/schemas.js';

/** Which generations the gallery shows. */
export const filters = ['all', 'open', 'succeeded', 'failed', 'canceled'] as const;
export type Filter = (typeof filters)[number];

/** What the page shows; every one of them has an address, so that it survives a reload and can be sent to somebody. */
export type Address =
  { readonly page: 'gallery'; readonly filter: Filter } | { readonly page: 'one'; readonly id: string };

/** The statuses of a filter; undefined: all. */
export const statusesOf: Readonly<Record<Filter, readonly Generation['status'][] | undefined>> = {
  all: undefined,
  open: ['queued', 'processing', 'verifying'],
  succeeded: ['succeeded'],
  failed: ['failed'],
  canceled: ['canceled'],
};

/** Reads an address; what it does not know is the whole gallery. */
export function readAddress(path: string, query: string): Address {
  const id = /^\/generations\/([^/]+)\/?$/.exec(path)?.[1];
  if (id !== undefined) return { page: 'one', id: decoded(id) };
  const wanted = new URLSearchParams(query).get('show');
  return { page: 'gallery', filter: filters.find((filter) => filter === wanted) ?? 'all' };
}

/** The address as it stands in the browser's bar. */
export function writeAddress(address: Address): string {
  if (address.page === 'one') return `/generations/${encodeURIComponent(address.id)}`;
  return address.filter === 'all' ? '/' : `/?show=${address.filter}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
