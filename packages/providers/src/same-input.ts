import { isDeepStrictEqual } from 'node:util';

/**
 * Whether what a vendor shows of a request is what we sent: everything that it shows, and of that at least the seed, which is ours,
 * and the prompt. A vendor may add defaults, and leave out what it does not keep.
 */
export function isSameInput(
  shown: Readonly<Record<string, unknown>> | null | undefined,
  sent: Readonly<Record<string, unknown>>,
): boolean {
  if (!shown || shown['seed'] === undefined || shown['prompt'] === undefined) return false;
  return Object.entries(sent).every(
    ([key, value]) => shown[key] === undefined || isDeepStrictEqual(shown[key], value),
  );
}
