import type { VendorAnswer } from '../provider-adapter.js';

/** An answer as it comes from a vendor: text as it is, all else as JSON. */
export const answered = (
  status: number,
  body: unknown,
  headers: VendorAnswer['headers'] = {},
): VendorAnswer => ({
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
