import { readBoundedJson } from '../bounded-json.js';
import type { SubmitAnswer, VendorAnswer } from '../provider-adapter.js';
import { refusalOf } from '../refusal.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import { raisedSchema, refusalSchema } from './schemas.js';

/** Statuses with which the server refuses before it draws. 404: no such sampler, or a server without its API. */
const definiteRefusals: ReadonlySet<number> = new Set([401, 404, 422]);

const maxErrorBytes = 1024 * 1024;

/** What an answer that is no success says: a refusal, a run that ended, or nothing that proves anything. */
export function readFailure(answer: VendorAnswer): SubmitAnswer {
  const { status, body } = answer;
  const json = readBoundedJson(body, maxErrorBytes);
  const value = json.ok ? json.value : undefined;
  const raised = status === 500 ? raisedSchema.safeParse(value).data : undefined;
  if (raised !== undefined)
    return {
      kind: 'ended',
      jobId: null,
      state: {
        kind: 'failed',
        end: 'ATTEMPT_END_VENDOR_FAILED',
        failureClass: /OutOfMemory/.test(raised.error)
          ? 'FAILURE_CLASS_OVERLOADED'
          : 'FAILURE_CLASS_VENDOR_FAULT',
        vendorCode: vendorText(raised.error, 100),
        vendorMessage: vendorText(raised.errors, 500),
      },
    };
  const detail = refusalSchema.safeParse(value).data?.detail;
  return refusalOf(answer, {
    isRefusal: detail !== undefined && definiteRefusals.has(status),
    failureClass: status === 404 ? 'FAILURE_CLASS_INVALID_REQUEST' : classOfStatus(status),
    vendorCode: `status_${status}`,
    vendorMessage: vendorText(
      Array.isArray(detail) ? detail.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join(', ') : detail,
      500,
    ),
    retryAfterSeconds: null,
  });
}
