import { HttpException } from '@nestjs/common';
import { type ProblemCode, ProblemError } from './problem.js';

const byStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  412: 'precondition_failed',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  416: 'range_not_satisfiable',
  429: 'rate_limited',
  431: 'headers_too_large',
  503: 'unavailable',
};

/** Connection trouble of the Postgres driver and of sockets. */
const driverCodes = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** SQLSTATE: connection, login, no such database, resources, shutdown, cancellation, serialization, deadlock, lock, read-only standby, disk. */
const sqlStates = /^(08...|28...|3D000|25P0[34]|53...|57...|58...|40001|40P01|55P03|25006)$/;

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** Whether the database is away or busy, as against wrong SQL: worth another try, by us or by the client. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if (driverCodes.has(code) || sqlStates.test(code)) return true;
  return error instanceof Error && error.cause !== undefined && isDatabaseUnavailable(error.cause);
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')
    return error.statusCode;
  return undefined;
}

/** The one place that says what an error is answered with. What nobody foresaw is an internal error and tells nothing. */
export function errorToProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const status = statusOf(error);
  const code = status === undefined ? undefined : byStatus[status];
  if (code === 'unavailable')
    return new ProblemError(code, undefined, { retryAfterSeconds: 2, cause: error });
  if (code) return new ProblemError(code, undefined, { cause: error });
  if (status !== undefined && status >= 400 && status < 500)
    return new ProblemError('malformed_request', undefined, { cause: error });
  if (isDatabaseUnavailable(error))
    return new ProblemError('unavailable', undefined, { retryAfterSeconds: 2, cause: error });
  return new ProblemError('internal_error', undefined, { cause: error });
}
