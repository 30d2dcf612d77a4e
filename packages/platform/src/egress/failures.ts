import type { LostReason, NotSentReason } from './egress.js';

const notSentByCode: Readonly<Record<string, NotSentReason>> = {
  DESTINATION_REFUSED: 'refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  UND_ERR_CLOSED: 'closed',
  UND_ERR_DESTROYED: 'closed',
  UND_ERR_INVALID_ARG: 'refused',
  CONNECTION_GONE: 'closed',
  EPROTO: 'tls',
};
const tlsCode = /^(ERR_(TLS|SSL)_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** `code` of an error or of what caused it, '' where there is none. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return errorCode(error.errors.at(-1));
  return error instanceof Error ? errorCode(error.cause) : '';
}

/** Text of an error for logs and evidence: never empty. */
export function errorText(error: unknown): string {
  const code = errorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  return [code, message].filter((part) => part !== '').join(': ') || 'unknown error';
}

/** Why nothing was sent. */
export function notSentReason(error: unknown): NotSentReason {
  const code = errorCode(error);
  return notSentByCode[code] ?? (tlsCode.test(code) ? 'tls' : 'connect');
}

/** Whether what came back was not HTTP. */
export function isMalformedAnswer(error: unknown): boolean {
  // undici's parser errors have a code only where llhttp has one.
  if (error instanceof Error && error.name === 'HTTPParserError') return true;
  return /^(HPE_|UND_ERR_HEADERS_OVERFLOW$)/.test(errorCode(error));
}

/** How an answer was lost that might have come. */
export function lostReason(error: unknown): LostReason {
  return isMalformedAnswer(error) ? 'malformed' : 'reset';
}
