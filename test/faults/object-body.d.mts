/** The bytes that belong under a key: always the same, of very different lengths. */
export function bodyOf(key: string): { readonly body: Buffer; readonly sha256: string };
