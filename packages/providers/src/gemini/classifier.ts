import type { FailureClass } from '@darkroom/contract';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import { errorSchema, retryDelayOf } from './schemas.js';

/** Statuses that refuse before anything is drawn, in the vendor's own envelope. 404: there is no such model. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 413, 415, 422, 429]);

const maxErrorBytes = 256 * 1024;

/** What an answer that is no success says; `isRefusal`: nothing was drawn. */
export function readError(answer: VendorAnswer, now: number): VendorError & { isRefusal: boolean } {
  const { status, headers, body } = answer;
  const json = readBoundedJson(body, maxErrorBytes);
  const error = json.ok ? errorSchema.safeParse(json.value).data?.error : undefined;
  const word = vendorText(error?.status, 100);
  const vendorMessage = vendorText(error?.message, 500);
  return {
    isRefusal: error !== undefined && definiteRefusals.has(status),
    failureClass: classify(status, word, vendorMessage),
    vendorCode: word || `status_${status}`,
    vendorMessage,
    // A header that makes no sense must not hide what the body says.
    retryAfterSeconds:
      retryAfterSeconds(answerHeader(headers, 'retry-after'), now) ??
      retryAfterSeconds(secondsOf(retryDelayOf(error?.details)), now),
  };
}

/** The word and the sentence first: a wrong key and a forbidden region are 400. */
function classify(status: number, word: string, message: string): FailureClass {
  if (status === 400 && (word === 'FAILED_PRECONDITION' || /API key/i.test(message)))
    return 'FAILURE_CLASS_UNAUTHORIZED';
  return status === 404 ? 'FAILURE_CLASS_INVALID_REQUEST' : classOfStatus(status);
}

/** A duration as protobuf writes it: `34s`, `0.5s`. */
const secondsOf = (delay: string | undefined): string | undefined => {
  const [, seconds] = /^(\d{1,6}(?:\.\d{1,9})?)s$/.exec(delay ?? '') ?? [];
  return seconds === undefined ? undefined : String(Math.ceil(Number(seconds)));
};
