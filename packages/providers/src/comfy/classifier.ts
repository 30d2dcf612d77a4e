import type { FailureClass } from '@darkroom/contract';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import { errorSchema } from './schemas.js';

const maxErrorBytes = 1024 * 1024;

/** Statuses that refuse before acceptance, in the vendor's own envelope. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 401, 402, 403, 413, 415, 422, 429]);

/** Where the word says another thing than the status. */
const classByCode: Readonly<Record<string, FailureClass>> = {
  queue_full: 'FAILURE_CLASS_OVERLOADED',
  deployment_not_ready: 'FAILURE_CLASS_OVERLOADED',
  deployment_stopped: 'FAILURE_CLASS_OVERLOADED',
};

/** The key was used before, by whatever came of that. */
const reuse = 'idempotency_key_reuse';

/** What an answer that is no success says, and what it proves of a submit. */
export function readError(
  answer: VendorAnswer,
  now: number,
): VendorError & { proves: 'refused' | 'key-used' | 'nothing' } {
  const { status, headers, body } = answer;
  const json = readBoundedJson(body, maxErrorBytes);
  const said = json.ok ? errorSchema.safeParse(json.value).data?.error : undefined;
  const code = said?.code ?? '';
  const isDefinite = said !== undefined && definiteRefusals.has(status);
  return {
    proves: code === reuse ? 'key-used' : isDefinite ? 'refused' : 'nothing',
    failureClass: (Object.hasOwn(classByCode, code) ? classByCode[code] : undefined) ?? classOfStatus(status),
    vendorCode: vendorText(code, 100) || `status_${status}`,
    vendorMessage: vendorText(said?.message, 500),
    retryAfterSeconds: retryAfterSeconds(answerHeader(headers, 'retry-after'), now),
  };
}
