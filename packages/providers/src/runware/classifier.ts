import type { FailureClass } from '@darkroom/contract';
import { answerHeader } from '../answer-header.js';
import type { VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import type { TaskError } from './schemas.js';

/** Codes as the vendor's own clients sort them; the first that fits. */
const classesByCode: readonly (readonly [RegExp, FailureClass])[] = [
  [/Credits|Quota|Balance|^paymentRequired$/i, 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
  [/RateLimit/i, 'FAILURE_CLASS_RATE_LIMITED'],
  [
    /^((provider)?contentPolicyViolation|(sensitive|unsafe|nsfw)ContentDetected|(prompt|image)Blocked|moderationFailed|invalidProviderContent)$/i,
    'FAILURE_CLASS_CONTENT_REJECTED',
  ],
  [
    /ApiKey|^(unauthorized|forbidden|permissionDenied|insufficientPermissions|auth.*|token.*)$|^(account|organization|workspace)(Suspended|Disabled)$/,
    'FAILURE_CLASS_UNAUTHORIZED',
  ],
  [/timeout/i, 'FAILURE_CLASS_TIMEOUT'],
  [/^(noAvailableServer|(model|service|server)Unavailable)$/, 'FAILURE_CLASS_OVERLOADED'],
  [/^(modelNotFound|unknownModel)$/, 'FAILURE_CLASS_INVALID_REQUEST'],
  [/(NotFound|Expired)$/, 'FAILURE_CLASS_NOT_FOUND'],
  [
    /^(provider|inferenceError|processingFailed|taskFailed|internalServerError)/,
    'FAILURE_CLASS_VENDOR_FAULT',
  ],
  [/^(invalid|missing|unsupported|value|array|max|conflict|duplicate)/, 'FAILURE_CLASS_INVALID_REQUEST'],
];

/** What a code says, undefined where it is none that is known. */
export const classOfCode = (code: string): FailureClass | undefined =>
  classesByCode.find(([pattern]) => pattern.test(code))?.[1];

/** The statuses by which a request is refused, as documented. */
const refusingStatuses: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 429]);

/** What a refusal says. With any other word something may have been run. */
const refusingClasses: ReadonlySet<FailureClass> = new Set([
  'FAILURE_CLASS_INVALID_REQUEST',
  'FAILURE_CLASS_UNAUTHORIZED',
  'FAILURE_CLASS_INSUFFICIENT_CREDIT',
  'FAILURE_CLASS_RATE_LIMITED',
  'FAILURE_CLASS_CONTENT_REJECTED',
]);

/** The task's id was used before. The code alone says so, with whatever status. */
export const isConflict = ({ code }: TaskError): boolean => /^(conflict|duplicate)TaskUUID/.test(code);

/** Said of a task that ran, and not of a question about it. */
export const isOfRun = ({ code }: TaskError): boolean =>
  classOfCode(code) === 'FAILURE_CLASS_CONTENT_REJECTED' ||
  /^(provider|inferenceError|processingFailed|taskFailed$)|Provider$/.test(code);

/** What an error says, if any was told: the code first, the status second. `isRefusal`: nothing was taken. */
export function readError(
  { status, headers }: VendorAnswer,
  said: TaskError | undefined,
  now: number,
): VendorError & { isRefusal: boolean } {
  const code = said?.code ?? '';
  const failureClass = classOfCode(code) ?? classOfStatus(status);
  return {
    // What was said behind it was said by who had the task.
    isRefusal:
      said !== undefined &&
      refusingStatuses.has(status) &&
      refusingClasses.has(failureClass) &&
      !/^provider|Provider$/.test(code),
    failureClass,
    vendorCode: vendorText(code, 100) || `status_${status}`,
    vendorMessage: vendorText(said?.message, 500),
    retryAfterSeconds: retryAfterSeconds(answerHeader(headers, 'retry-after'), now),
  };
}
