import type { FailureClass } from '@darkroom/contract';

const classByStatus: Readonly<Record<number, FailureClass>> = {
  400: 'FAILURE_CLASS_INVALID_REQUEST',
  401: 'FAILURE_CLASS_UNAUTHORIZED',
  402: 'FAILURE_CLASS_INSUFFICIENT_CREDIT',
  403: 'FAILURE_CLASS_UNAUTHORIZED',
  404: 'FAILURE_CLASS_NOT_FOUND',
  405: 'FAILURE_CLASS_INVALID_REQUEST',
  408: 'FAILURE_CLASS_TIMEOUT',
  413: 'FAILURE_CLASS_INVALID_REQUEST',
  415: 'FAILURE_CLASS_INVALID_REQUEST',
  422: 'FAILURE_CLASS_INVALID_REQUEST',
  429: 'FAILURE_CLASS_RATE_LIMITED',
  503: 'FAILURE_CLASS_OVERLOADED',
  504: 'FAILURE_CLASS_TIMEOUT',
  529: 'FAILURE_CLASS_OVERLOADED',
};

/** What a status says where the vendor's own words say no more. */
export function classOfStatus(status: number): FailureClass {
  return classByStatus[status] ?? (status >= 500 ? 'FAILURE_CLASS_VENDOR_FAULT' : 'FAILURE_CLASS_PROTOCOL');
}

/** 2xx with a body. */
export function isSuccess(status: number): boolean {
  return status === 200 || status === 201 || status === 202;
}
