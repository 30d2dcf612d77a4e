import type { VendorOutput } from './provider-adapter.js';

/** No model makes more of one request; what is beyond is not read. */
export const mostOutputs = 8;

/** What is known of an output beside its place. */
export type Usable = Pick<VendorOutput, 'source'> & Partial<Omit<VendorOutput, 'index'>>;

/**
 * The outputs of an answer, numbered by their place among those that can be used: what stands before a picture and is none takes nothing
 * away from it, as no more places are kept than were asked for. `dropped`: the others.
 * @param read undefined: it is none
 */
export function usableOutputs<T>(
  entries: readonly T[],
  read: (entry: T, nth: number) => Usable | undefined,
): { outputs: VendorOutput[]; dropped: number } {
  const outputs: VendorOutput[] = [];
  for (const [nth, entry] of entries.entries()) {
    if (outputs.length === mostOutputs) break;
    const usable = read(entry, nth);
    if (usable !== undefined)
      outputs.push({ sha256: '', bytes: 0, mediaType: '', ...usable, index: outputs.length });
  }
  return { outputs, dropped: entries.length - outputs.length };
}
