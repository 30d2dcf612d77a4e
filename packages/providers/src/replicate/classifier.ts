import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import { classOfStatus } from '../status-classes.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { vendorText } from '../vendor-text.js';
import { problemSchema } from './schemas.js';

/** Statuses that refuse before acceptance, in the vendor's own envelope. 404: there is no such model. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 413, 415, 422, 429]);

const maxErrorBytes = 256 * 1024;

/** `Your rate limit resets in ~30s.`: where there is no header, the sentence says how long. */
function secondsInText(detail: string): string | undefined {
  return /resets in ~?(\d{1,6})\s*s/.exec(detail)?.[1];
}

/** What an answer that is no success says; `ownEnvelope` tells whether the vendor itself said it, or something before it. */
export function readError(answer: VendorAnswer, now: number): VendorError & { ownEnvelope: boolean } {
  const json = readBoundedJson(answer.body, maxErrorBytes);
  const problem = json.ok ? problemSchema.safeParse(json.value) : undefined;
  const detail = problem?.success ? vendorText(problem.data.detail, 500) : '';
  const title = problem?.success ? vendorText(problem.data.title, 100) : '';
  return {
    ownEnvelope: problem?.success === true,
    failureClass: classOfStatus(answer.status),
    vendorCode: title || `status_${answer.status}`,
    vendorMessage: detail,
    // A header that makes no sense must not hide what the sentence says.
    retryAfterSeconds:
      retryAfterSeconds(answerHeader(answer.headers, 'retry-after'), now) ??
      retryAfterSeconds(secondsInText(detail), now),
  };
}

export function isDefiniteRefusal(status: number): boolean {
  return definiteRefusals.has(status);
}
