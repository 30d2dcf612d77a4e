import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import { type Refusal, refusalSchema } from './schemas.js';

/** Statuses that refuse before acceptance, in the vendor's own envelope. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 401, 402, 403, 413, 415, 422, 429]);

const maxErrorBytes = 256 * 1024;

/** As long as nobody says how long: tasks take seconds to end. */
const usualWaitSeconds = 5;

/** What an answer that is no success says; `isRefusal`: nothing was taken. */
export function readError(answer: VendorAnswer, now: number): VendorError & { isRefusal: boolean } {
  const { status, headers, body } = answer;
  const json = readBoundedJson(body, maxErrorBytes);
  const said = json.ok ? refusalSchema.safeParse(json.value).data : undefined;
  const wait = retryAfterSeconds(answerHeader(headers, 'retry-after'), now);
  return {
    isRefusal: said !== undefined && definiteRefusals.has(status),
    failureClass: classOfStatus(status),
    vendorCode: vendorText(said && 'error' in said ? said.error : '', 100) || `status_${status}`,
    vendorMessage: said === undefined ? '' : vendorText(wordsOf(said), 500),
    retryAfterSeconds: status === 429 ? (wait ?? usualWaitSeconds) : wait,
  };
}

function wordsOf(said: Refusal): string {
  if ('error' in said) return said.message ?? said.error;
  if (typeof said.detail === 'string') return said.detail;
  return said.detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('; ');
}
