import type { FailureClass } from '@darkroom/contract';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import { errorSchema } from './schemas.js';

/** Statuses that refuse before anything is drawn, in the vendor's own envelope. 404: there is no such service. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 413, 422, 429]);

const maxErrorBytes = 256 * 1024;

/** How long the vendor locks out who asked too often: it says so in its documentation, and in no header that was seen. */
const lockoutSeconds = 60;

/** A prompt that is rejected and a key that is no good are both 403. */
const classByName: Readonly<Record<string, FailureClass>> = {
  content_moderation: 'FAILURE_CLASS_CONTENT_REJECTED',
  payment_required: 'FAILURE_CLASS_INSUFFICIENT_CREDIT',
  rate_limit_exceeded: 'FAILURE_CLASS_RATE_LIMITED',
};

/** What an answer that is no success says; `isRefusal`: nothing was drawn. */
export function readError(answer: VendorAnswer, now: number): VendorError & { isRefusal: boolean } {
  const { status, headers, body } = answer;
  const json = readBoundedJson(body, maxErrorBytes);
  const error = json.ok ? errorSchema.safeParse(json.value).data : undefined;
  const name = vendorText(error?.name, 100);
  const failureClass = classify(status, name);
  const wait = retryAfterSeconds(answerHeader(headers, 'retry-after'), now);
  return {
    isRefusal: error !== undefined && definiteRefusals.has(status),
    failureClass,
    vendorCode: name || `status_${status}`,
    vendorMessage: vendorText(error?.errors.filter((line) => typeof line === 'string').join(' '), 500),
    retryAfterSeconds: wait ?? (failureClass === 'FAILURE_CLASS_RATE_LIMITED' ? lockoutSeconds : null),
  };
}

function classify(status: number, name: string): FailureClass {
  const said = Object.hasOwn(classByName, name) ? classByName[name] : undefined;
  return said ?? (status === 404 ? 'FAILURE_CLASS_INVALID_REQUEST' : classOfStatus(status));
}
