import type { FailureClass } from '@darkroom/contract';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import { secondsOf } from './rate-headers.js';
import { errorSchema } from './schemas.js';

/** Statuses that refuse before anything is drawn, in the vendor's own envelope. 404: there is no such model. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 401, 403, 404, 413, 415, 422, 429]);

const maxErrorBytes = 256 * 1024;

/** Words that say more than the status: out of credit is 400 or 429, and so are rejected prompts. */
const classByWord: Readonly<Record<string, FailureClass>> = {
  moderation_blocked: 'FAILURE_CLASS_CONTENT_REJECTED',
  content_policy_violation: 'FAILURE_CLASS_CONTENT_REJECTED',
  image_generation_user_error: 'FAILURE_CLASS_CONTENT_REJECTED',
  billing_hard_limit_reached: 'FAILURE_CLASS_INSUFFICIENT_CREDIT',
  insufficient_quota: 'FAILURE_CLASS_INSUFFICIENT_CREDIT',
  model_not_found: 'FAILURE_CLASS_INVALID_REQUEST',
};

function classify(status: number, code: string, type: string, message: string): FailureClass {
  for (const word of [code, type])
    if (Object.hasOwn(classByWord, word)) return classByWord[word] ?? 'FAILURE_CLASS_PROTOCOL';
  return status === 400 && /safety system/i.test(message)
    ? 'FAILURE_CLASS_CONTENT_REJECTED'
    : classOfStatus(status);
}

/** What an answer that is no success says; `ownEnvelope` tells whether the vendor itself said it, or something before it. */
export function readError(answer: VendorAnswer, now: number): VendorError & { ownEnvelope: boolean } {
  const json = readBoundedJson(answer.body, maxErrorBytes);
  const envelope = json.ok ? errorSchema.safeParse(json.value) : undefined;
  const error = envelope?.success ? envelope.data.error : undefined;
  const [code, type] = [vendorText(String(error?.code ?? ''), 100), vendorText(error?.type, 100)];
  const vendorMessage = vendorText(error?.message, 500);
  return {
    ownEnvelope: error !== undefined,
    failureClass: classify(answer.status, code, type, vendorMessage),
    vendorCode: code || type || `status_${answer.status}`,
    vendorMessage,
    retryAfterSeconds: waitOf(answer, now),
  };
}

/** The first that makes sense: one that does not hides no other. */
function waitOf({ headers }: VendorAnswer, now: number): number | null {
  const ms = answerHeader(headers, 'retry-after-ms')?.trim() ?? '';
  const reset = secondsOf(answerHeader(headers, 'x-ratelimit-reset-requests')?.trim() ?? '');
  return (
    (/^\d{1,12}(\.\d{1,12})?$/.test(ms) ? wholeSeconds(Number(ms) / 1_000, now) : null) ??
    retryAfterSeconds(answerHeader(headers, 'retry-after'), now) ??
    (reset === undefined ? null : wholeSeconds(reset, now))
  );
}

/** As of a Retry-After, whose bounds hold for it. */
const wholeSeconds = (seconds: number, now: number): number | null =>
  retryAfterSeconds(String(Math.ceil(seconds)), now);

export function isDefiniteRefusal(status: number): boolean {
  return definiteRefusals.has(status);
}
