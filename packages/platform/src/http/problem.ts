/** Every error code of both HTTP APIs: stable, documented, each with one status. */
export const problemCodes = {
  malformed_request: { status: 400, title: 'The request is malformed', retryable: false },
  malformed_json: { status: 400, title: 'The body is not JSON', retryable: false },
  invalid_encoding: { status: 400, title: 'The body is not UTF-8', retryable: false },
  idempotency_key_missing: { status: 400, title: 'The Idempotency-Key header is missing', retryable: false },
  idempotency_key_invalid: {
    status: 400,
    title: 'The Idempotency-Key header is malformed',
    retryable: false,
  },
  invalid_query: { status: 400, title: 'A query parameter is invalid', retryable: false },
  invalid_cursor: { status: 400, title: 'The cursor is not valid for this query', retryable: false },
  unauthenticated: { status: 401, title: 'A valid API key is needed', retryable: false },
  budget_used_up: { status: 402, title: 'The budget is used up', retryable: false },
  forbidden: { status: 403, title: 'This key may not do that', retryable: false },
  not_found: { status: 404, title: 'There is nothing here', retryable: false },
  method_not_allowed: { status: 405, title: 'This address has no such method', retryable: false },
  request_timeout: { status: 408, title: 'The request came too slowly', retryable: true },
  already_final: { status: 409, title: 'The generation has already ended', retryable: false },
  too_late: { status: 409, title: 'The images are already being verified', retryable: false },
  still_open: { status: 409, title: 'The generation has not ended yet', retryable: true },
  not_possible_now: { status: 409, title: 'The present state does not allow this', retryable: false },
  stale_decision: { status: 409, title: 'The generation changed since you looked', retryable: false },
  double_charge_not_accepted: {
    status: 409,
    title: 'This may be charged twice and was not accepted',
    retryable: false,
  },
  erased: { status: 410, title: 'The content was erased', retryable: false },
  precondition_failed: { status: 412, title: 'A precondition does not hold', retryable: false },
  body_too_large: { status: 413, title: 'The body is too large', retryable: false },
  uri_too_long: { status: 414, title: 'The URL is too long', retryable: false },
  unsupported_media_type: {
    status: 415,
    title: 'The body must be application/json in UTF-8',
    retryable: false,
  },
  range_not_satisfiable: { status: 416, title: 'The range lies outside of the content', retryable: false },
  invalid_fields: { status: 422, title: 'Some fields are invalid', retryable: false },
  unknown_model: { status: 422, title: 'There is no such model', retryable: false },
  idempotency_mismatch: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    retryable: false,
  },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  headers_too_large: { status: 431, title: 'The headers are too large', retryable: false },
  internal_error: { status: 500, title: 'Something went wrong on our side', retryable: true },
  unavailable: { status: 503, title: 'Not available at the moment', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ProblemCode = keyof typeof problemCodes;

/** One field that is wrong. */
export interface FieldError {
  /** RFC 6901, into the body; into the query's parameters where `in` says so. */
  readonly pointer: string;
  readonly in?: 'query';
  readonly code: string;
  readonly message: string;
}

export interface ProblemFacts {
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer that is an error, as RFC 9457 has it. Thrown anywhere below a controller. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail what happened this time, for a person; no stack, SQL, host or path */
  constructor(
    readonly code: ProblemCode,
    detail?: string,
    facts: ProblemFacts = {},
  ) {
    super(detail ?? problemCodes[code].title, { cause: facts.cause });
    ({ status: this.status, title: this.title, retryable: this.retryable } = problemCodes[code]);
    this.errors = facts.errors ?? [];
    this.headers = {
      ...facts.headers,
      ...(facts.retryAfterSeconds === undefined
        ? {}
        : { 'retry-after': String(Math.max(1, Math.ceil(facts.retryAfterSeconds))) }),
    };
  }
}

/** The body of an `application/problem+json` answer. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
  readonly retryable: boolean;
  readonly trace_id: string | null;
  readonly errors: readonly FieldError[];
}

/** The document of a problem for one request; `instance` is the path without its query, which may hold signatures. */
export function problemDocument(
  error: ProblemError,
  request: { url: string; traceId: string | null },
): ProblemDocument {
  return {
    type: `/docs/errors/${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    instance: request.url.split(/[?#]/, 1)[0] ?? '/',
    code: error.code,
    retryable: error.retryable,
    trace_id: request.traceId,
    errors: error.errors,
  };
}
