/** An answer that says no, in the vendor's own envelope. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
  retryAfter?: string | undefined;
}

const byStatus: Record<number, { code: string; message: string }> = {
  400: { code: 'bad_request', message: 'The request cannot be read' },
  401: { code: 'unauthorized', message: 'No valid API key was given' },
  402: { code: 'insufficient_credit', message: 'The account has no credit left' },
  403: { code: 'forbidden', message: 'This key may not use this model' },
  404: { code: 'not_found', message: 'There is no such job' },
  408: { code: 'timeout', message: 'The request took too long' },
  409: { code: 'conflict', message: 'The request conflicts with another' },
  413: { code: 'too_large', message: 'The request is too large' },
  415: { code: 'unsupported_media_type', message: 'Send application/json' },
  422: { code: 'invalid_request', message: 'A field is not valid' },
  429: { code: 'rate_limited', message: 'Too many requests' },
  500: { code: 'internal_error', message: 'Something went wrong here' },
  502: { code: 'bad_gateway', message: 'No answer from the inside' },
  503: { code: 'overloaded', message: 'No capacity at the moment' },
  504: { code: 'gateway_timeout', message: 'No answer from the inside in time' },
};

/** The usual refusal of a status. */
export function refusal(status: number, change: Partial<Refusal> = {}): Refusal {
  const usual = byStatus[status] ?? { code: status < 500 ? 'refused' : 'internal_error', message: 'Refused' };
  return { status, ...usual, ...change };
}
