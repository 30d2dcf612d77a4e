import type { VendorAnswer } from './provider-adapter.js';

/** Reads an answer once, however many jobs it was asked for: one that tells of many is given to be read for each. */
export function readOnce<A extends readonly unknown[], T>(
  read: (answer: VendorAnswer, ...more: A) => T,
): (answer: VendorAnswer, ...more: A) => T {
  const known = new WeakMap<VendorAnswer, { readonly value: T }>();
  return (answer, ...more) => {
    const before = known.get(answer);
    if (before !== undefined) return before.value;
    const value = read(answer, ...more);
    known.set(answer, { value });
    return value;
  };
}
