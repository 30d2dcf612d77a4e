import type { FailureClass } from '@darkroom/contract';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import { errorSchema } from './schemas.js';

const maxErrorBytes = 64 * 1024;

/** What a code says that its status does not. */
const classesByCode: ReadonlyMap<string, FailureClass> = new Map<string, FailureClass>([
  ['CorruptPrompt', 'FAILURE_CLASS_CONTENT_REJECTED'],
  ['KudosUpfront', 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
  ['SharedKeyEmpty', 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
  ['SharedKeyInsufficientKudos', 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
  ['NoValidWorkers', 'FAILURE_CLASS_OVERLOADED'],
  ['MaintenanceMode', 'FAILURE_CLASS_OVERLOADED'],
  ['TimeoutIP', 'FAILURE_CLASS_RATE_LIMITED'],
]);

/** Every answer has a Retry-After, which is when its count of calls begins anew and says nothing of these. */
const waitsByCode: ReadonlyMap<string, number> = new Map([
  ['TooManyPrompts', 15],
  ['MaintenanceMode', 60],
]);

/** The statuses by which its own code refuses a request, before anything is queued. */
const refusingStatuses: ReadonlySet<number> = new Set([400, 401, 403, 429]);

/** The words of its rate limit, which has no code: `2 per 1 second`. */
const limit = /^\d+ per \d+ (second|minute|hour|day)$/;

/** What an answer that is no success says, by its code first; `isRefusal`: nothing was taken. */
export function readError(answer: VendorAnswer, now: number): VendorError & { isRefusal: boolean } {
  const { status, headers, body } = answer;
  const json = readBoundedJson(body, maxErrorBytes);
  const { rc, message, errors } = (json.ok && errorSchema.safeParse(json.value).data) || {};
  const code = vendorText(rc, 100);
  const fields = Object.entries(errors ?? {}).map(
    ([field, what]) => `${field}: ${typeof what === 'string' ? what : JSON.stringify(what)}`,
  );
  const isOwn =
    code !== '' || (status === 400 && fields.length > 0) || (status === 429 && limit.test(message ?? ''));
  return {
    isRefusal: isOwn && refusingStatuses.has(status),
    failureClass: classesByCode.get(code) ?? classOfStatus(status),
    vendorCode: code || `status_${status}`,
    vendorMessage: vendorText([message ?? '', ...fields].join('; '), 500),
    retryAfterSeconds:
      waitsByCode.get(code) ??
      // An address that is kept out for a while is told so in words alone.
      retryAfterSeconds(
        /for (\d+) more seconds/.exec(message ?? '')?.[1] ?? answerHeader(headers, 'retry-after'),
        now,
      ),
  };
}
