import type { FailureClass } from '@darkroom/contract';
import type { JobState } from '../provider-adapter.js';
import { vendorText } from '../vendor-text.js';

/** Codes as seen in public programs; the vendor's documentation has a part of them. */
const classByCode: Readonly<Record<string, FailureClass>> = {
  E003: 'FAILURE_CLASS_OVERLOADED',
  E005: 'FAILURE_CLASS_CONTENT_REJECTED',
  E1000: 'FAILURE_CLASS_VENDOR_FAULT',
  E1001: 'FAILURE_CLASS_VENDOR_FAULT',
  E6716: 'FAILURE_CLASS_TIMEOUT',
};

/** Why a prediction failed: the code in its text first, its words second. */
export function readFailure(error: unknown): JobState {
  const message = vendorText(typeof error === 'string' ? error : JSON.stringify(error ?? ''), 500);
  const code = /\bE\d{3,4}\b/.exec(message)?.[0];
  const byCode = code !== undefined && Object.hasOwn(classByCode, code) ? classByCode[code] : undefined;
  const failureClass = byCode ?? classOfWords(message);
  const isModerated = failureClass === 'FAILURE_CLASS_CONTENT_REJECTED';
  return {
    kind: 'failed',
    end: isModerated ? 'ATTEMPT_END_MODERATED' : 'ATTEMPT_END_VENDOR_FAILED',
    failureClass,
    vendorCode: code ?? 'failed',
    vendorMessage: message,
  };
}

function classOfWords(message: string): FailureClass {
  if (/flagged as sensitive|nsfw content/i.test(message)) return 'FAILURE_CLASS_CONTENT_REJECTED';
  return /high demand/i.test(message) ? 'FAILURE_CLASS_OVERLOADED' : 'FAILURE_CLASS_VENDOR_FAULT';
}
