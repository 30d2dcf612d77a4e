import { useSyncExternalStore } from 'react';
import { type Address, readAddress, writeAddress } from './address.js';

const listeners = new Set<() => void>();
let href = hrefNow();
let address = readAddress(location.pathname, location.search);
/** Where the gallery was left, and what of it was opened: for whoever comes back. */
let left: { y: number; id: string | null } = { y: 0, id: null };

// The page puts its readers back by itself: the browser tries before the pictures are there.
history.scrollRestoration = 'manual';
addEventListener('popstate', changed);

function hrefNow(): string {
  return location.pathname + location.search;
}

function changed(): void {
  if (hrefNow() === href) return;
  if (address.page === 'gallery') left = { ...left, y: scrollY };
  href = hrefNow();
  address = readAddress(location.pathname, location.search);
  if (address.page === 'one') left = { ...left, id: address.id };
  listeners.forEach((listener) => listener());
}

/** Goes to an address of this page. */
export function goTo(next: Address): void {
  const wanted = writeAddress(next);
  if (wanted === hrefNow()) return;
  if (address.page === 'gallery') left = { y: scrollY, id: null };
  history.pushState(null, '', wanted);
  changed();
}

/** Where the gallery was left, once: asked by the gallery when it comes back. */
export function takeLeft(): { readonly y: number; readonly id: string | null } {
  const taken = left;
  left = { y: 0, id: null };
  return taken;
}

/** What the page is to show. */
export function useAddress(): Address {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => address,
  );
}
