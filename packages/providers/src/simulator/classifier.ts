import type { FailureClass } from '@darkroom/contract';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { classOfStatus } from '../status-classes.js';
import { retryAfterSeconds } from '../retry-after.js';
import { vendorText } from '../vendor-text.js';
import { errorEnvelopeSchema } from './schemas.js';

/** Codes that say what happened better than the status does. */
const classByCode: Readonly<Record<string, FailureClass>> = {
  insufficient_credit: 'FAILURE_CLASS_INSUFFICIENT_CREDIT',
  content_moderated: 'FAILURE_CLASS_CONTENT_REJECTED',
};

/** Statuses that refuse before acceptance, when they come in the vendor's own envelope. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 401, 402, 403, 413, 415, 422, 429, 503]);

/** Codes that prove, with whatever status, that the key or reference was used: the opposite of a refusal. */
const duplicateCodes: ReadonlySet<string> = new Set([
  'duplicate_reference',
  'key_in_use',
  'idempotency_mismatch',
]);

const maxErrorBytes = 256 * 1024;

function classify(status: number, code: string): FailureClass {
  if (Object.hasOwn(classByCode, code)) return classByCode[code] ?? 'FAILURE_CLASS_PROTOCOL';
  return classOfStatus(status);
}

/** What an answer that is no success says; `ownEnvelope` tells whether the vendor itself said it, or something before it. */
export function readError(answer: VendorAnswer, now: number): VendorError & { ownEnvelope: boolean } {
  const json = readBoundedJson(answer.body, maxErrorBytes);
  const envelope = json.ok ? errorEnvelopeSchema.safeParse(json.value) : undefined;
  const error = envelope?.success ? envelope.data.error : undefined;
  const vendorCode = vendorText(error?.code, 100);
  return {
    ownEnvelope: error !== undefined,
    failureClass: classify(answer.status, vendorCode),
    vendorCode: vendorCode || `status_${answer.status}`,
    vendorMessage: vendorText(error?.message, 500),
    retryAfterSeconds: retryAfterSeconds(answerHeader(answer.headers, 'retry-after'), now),
  };
}

export function isDefiniteRefusal(status: number): boolean {
  return definiteRefusals.has(status);
}

export function isDuplicateCode(code: string): boolean {
  return duplicateCodes.has(code);
}
