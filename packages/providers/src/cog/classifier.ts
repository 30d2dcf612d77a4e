import { readBoundedJson } from '../bounded-json.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { vendorText } from '../vendor-text.js';
import { refusalSchema, validationSchema } from './schemas.js';

const maxErrorBytes = 256 * 1024;

/** What the server says where it ran nothing. */
const refusals = [
  { status: 409, words: /^At capacity\b/, vendorCode: 'at_capacity' },
  { status: 503, words: /^Setup has not finished yet\b/, vendorCode: 'not_set_up' },
] as const;

/** A definite refusal: in the server's own envelope and words, of an answer that is no success. Undefined: it proves nothing. */
export function readRefusal(answer: VendorAnswer): VendorError | undefined {
  const json = readBoundedJson(answer.body, maxErrorBytes);
  if (!json.ok) return undefined;
  const validation = answer.status === 422 ? validationSchema.safeParse(json.value) : undefined;
  if (validation?.success) {
    const [first] = validation.data.detail;
    return {
      failureClass: 'FAILURE_CLASS_INVALID_REQUEST',
      vendorCode: vendorText(first?.type, 100) || 'value_error',
      vendorMessage: vendorText(`${first?.loc.slice(1).join('.')}: ${first?.msg}`, 500),
      retryAfterSeconds: null,
    };
  }
  const said = refusalSchema.safeParse(json.value).data?.error;
  const known = refusals.find(({ status, words }) => status === answer.status && words.test(said ?? ''));
  return known === undefined
    ? undefined
    : {
        failureClass: 'FAILURE_CLASS_OVERLOADED',
        vendorCode: known.vendorCode,
        vendorMessage: vendorText(said, 500),
        retryAfterSeconds: null,
      };
}
