import type { FailureClass } from '@darkroom/contract';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { JobState, VendorAnswer, VendorError } from '../provider-adapter.js';
import { retryAfterSeconds } from '../retry-after.js';
import { classOfStatus } from '../status-classes.js';
import { vendorText } from '../vendor-text.js';
import { modelErrorSchema, sentenceSchema } from './schemas.js';

/** Statuses that refuse before the queue, in the vendor's own envelope. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 401, 402, 403, 413, 415, 422, 429]);

const maxErrorBytes = 1024 * 1024;

/** The vendor's types, as its documentation lists them; the first that fits. */
const classesByType: readonly (readonly [RegExp, FailureClass])[] = [
  [/^(content_policy_violation|no_media_generated)$/, 'FAILURE_CLASS_CONTENT_REJECTED'],
  [/^(request|startup|generation)_timeout$/, 'FAILURE_CLASS_TIMEOUT'],
  [/^(runner_scheduling_failure|downstream_service_unavailable)$/, 'FAILURE_CLASS_OVERLOADED'],
  [
    /^(runner_(connection_timeout|disconnected|connection_refused|connection_error|incomplete_response|server_error)|internal_(server_)?error|downstream_service_error)$/,
    'FAILURE_CLASS_VENDOR_FAULT',
  ],
  [
    /^(bad_request|url_error|file_download_error|image_(too_(small|large)|load_error)|face_detection_error|greater_than.*|less_than.*|one_of|sequence_too_.*|unsupported_.*_format|feature_not_supported|value_error.*|missing)$/,
    'FAILURE_CLASS_INVALID_REQUEST',
  ],
  [/^auth_error$/, 'FAILURE_CLASS_UNAUTHORIZED'],
];

function classify(status: number, type: string, message: string): FailureClass {
  if (/exhausted balance/i.test(message)) return 'FAILURE_CLASS_INSUFFICIENT_CREDIT';
  return classesByType.find(([pattern]) => pattern.test(type))?.[1] ?? classOfStatus(status);
}

interface Words {
  readonly type: string;
  readonly message: string;
  /** The model itself said so, and not the queue before it. */
  readonly isOfModel: boolean;
}

/** The type and the words of an error, however it is wrapped. */
function wordsOf(value: unknown): Words | undefined {
  const ofModel = modelErrorSchema.safeParse(value);
  if (ofModel.success) {
    const { detail, error_type } = ofModel.data;
    const [first] = detail;
    const type = vendorText(error_type ?? first?.type, 100);
    return { type, message: vendorText(first?.msg, 500), isOfModel: true };
  }
  const sentence = sentenceSchema.safeParse(value);
  if (!sentence.success) return undefined;
  const { detail, error_type } = sentence.data;
  return { type: vendorText(error_type, 100), message: vendorText(detail, 500), isOfModel: false };
}

/** An error as the vendor told it; `ownEnvelope`: it was the vendor itself, and not something before it. */
export interface ReadError extends VendorError {
  readonly ownEnvelope: boolean;
  /** It says how a request ended: in the words of its model, or by a type. */
  readonly isAnEnd: boolean;
}

/** What an answer that is no success says. */
export function readError(answer: VendorAnswer, now: number): ReadError {
  const json = readBoundedJson(answer.body, maxErrorBytes);
  const words = json.ok ? wordsOf(json.value) : undefined;
  const type = vendorText(answerHeader(answer.headers, 'x-fal-error-type'), 100) || (words?.type ?? '');
  const message = words?.message ?? '';
  return {
    ownEnvelope: words !== undefined,
    isAnEnd: words !== undefined && (words.isOfModel || isKnownType(type)),
    failureClass: classify(answer.status, type, message),
    vendorCode: type || `status_${answer.status}`,
    vendorMessage: message,
    retryAfterSeconds: retryAfterSeconds(answerHeader(answer.headers, 'retry-after'), now),
  };
}

const isKnownType = (type: string): boolean => classesByType.some(([pattern]) => pattern.test(type));

export function isDefiniteRefusal(status: number): boolean {
  return definiteRefusals.has(status);
}

/**
 * Why a request failed, by its type first, by the status that the model answered with second. 5xx are never billed; of one whose
 * status was not told that is not known.
 */
export function failureOf(said: string, message: string, status: number | undefined): JobState {
  const type = vendorText(said, 100);
  if (/^client_(cancelled|disconnected)$/.test(type)) return { kind: 'canceled' };
  const failureClass = classify(status ?? 500, type, message);
  const isModerated = failureClass === 'FAILURE_CLASS_CONTENT_REJECTED';
  return {
    kind: 'failed',
    end: isModerated ? 'ATTEMPT_END_MODERATED' : 'ATTEMPT_END_VENDOR_FAILED',
    failureClass,
    vendorCode: type || `status_${status ?? 'untold'}`,
    vendorMessage: vendorText(message, 500),
    ...(status !== undefined && status >= 500 ? { isFree: true as const } : {}),
  };
}

/** `Invalid status code: 422`: where nothing else tells, the sentence names the status that the model answered with. */
export function statusInText(error: unknown): number | undefined {
  const status = typeof error === 'string' ? /status code: (\d{3})/.exec(error)?.[1] : undefined;
  return status === undefined ? undefined : Number(status);
}

/** The same of a payload that a webhook brings. Undefined: it does not say with which status, and so not what it costs. */
export function failureOfPayload(payload: unknown, error: unknown): JobState | undefined {
  const status = statusInText(error);
  if (status === undefined) return undefined;
  const words = wordsOf(payload);
  return failureOf(words?.type ?? '', words?.message ?? '', status);
}
