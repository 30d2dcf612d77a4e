import { type ProblemCode, problemCodes } from './problem.js';

/** What a client does about each error. */
const advice: Record<ProblemCode, string> = {
  malformed_request: 'Correct the request: it is no HTTP that we understand.',
  malformed_json: 'Send one JSON document, without a byte order mark.',
  invalid_encoding: 'Send the body in UTF-8.',
  idempotency_key_missing:
    'Send an Idempotency-Key header: a value of your own that is new for each new request, such as a UUID, and the same when you repeat one.',
  idempotency_key_invalid: 'Send the header once, with 1 to 255 visible ASCII characters, bare or quoted.',
  invalid_query: 'Correct or remove the query parameters that errors names.',
  invalid_cursor: 'Start again without a cursor. A cursor belongs to one query of one tenant.',
  unauthenticated: 'Send Authorization: Bearer and an API key that is neither revoked nor expired.',
  budget_used_up: 'Raise the budget, or wait until its next period.',
  forbidden:
    'Use a key that may do this, or a link that has not expired: read the resource again for a fresh one.',
  not_found: 'Nothing that this key may see has this address.',
  method_not_allowed: 'Use one of the methods that the Allow header of the answer names.',
  request_timeout: 'Send the whole request in time. Repeating it is safe with the same Idempotency-Key.',
  already_final: 'The generation has ended: read it.',
  too_late:
    'The images exist and are being verified: wait for the end, and erase the content if you do not want it.',
  still_open: 'Wait for the end, or cancel first.',
  not_possible_now: 'Read the resource again and decide anew.',
  stale_decision: 'Read the resource again and decide on what it says now.',
  double_charge_not_accepted:
    'Settle the open attempt first, or accept in so many words that the vendor may charge twice.',
  erased: 'The content was erased for ever, as was asked.',
  precondition_failed: 'Read the resource again.',
  body_too_large: 'A body may have 64 KiB.',
  uri_too_long: 'Shorten the address.',
  unsupported_media_type: 'Send application/json in UTF-8, not compressed.',
  range_not_satisfiable: 'Ask for a range within the size that the answer names.',
  invalid_fields: 'Correct the fields that errors names, each with a pointer into the body.',
  unknown_model: 'GET /v1/models lists what there is.',
  idempotency_mismatch:
    'This key belongs to a request with another body. Send the same body to see its answer again, or a new key for a new request.',
  rate_limited: 'Wait for the seconds of Retry-After, then repeat with the same Idempotency-Key.',
  headers_too_large: 'Send fewer or shorter headers.',
  internal_error: 'Repeat with the same Idempotency-Key. If it stays, tell us the trace id of the answer.',
  unavailable:
    'Wait for the seconds of Retry-After, then repeat with the same Idempotency-Key: that never makes a second one.',
};

const codes = Object.keys(problemCodes).filter(isProblemCode);

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problemCodes, code);
}

export interface ErrorPageOptions {
  /** Whether the API's reference is at /docs. */
  readonly hasReference: boolean;
}

/** One error's page; undefined for a code that does not exist. */
export function errorPage(code: string, { hasReference }: ErrorPageOptions): string | undefined {
  if (!isProblemCode(code)) return undefined;
  const { status, title, retryable } = problemCodes[code];
  return page(
    `${title} — Darkroom`,
    `<h1>${title}</h1>
<p><code>${code}</code>, HTTP ${status}. ${retryable ? 'Worth another try.' : 'The same request will fail again.'}</p>
<p>${advice[code]}</p>
<p><a href="/docs/errors">All errors</a>${hasReference ? ' · <a href="/docs">API reference</a>' : ''}</p>`,
  );
}

/** All of them. */
export function errorIndexPage(): string {
  const lines = codes.map(
    (code) =>
      `<li><a href="/docs/errors/${code}"><code>${code}</code></a> (${problemCodes[code].status}): ${problemCodes[code].title}</li>`,
  );
  return page('Errors — Darkroom', `<h1>Errors</h1>\n<ul>\n${lines.join('\n')}\n</ul>`);
}

/** Made of our own words alone: nothing in it came from a request. */
function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title}</title></head>
<body>
${body}
</body>
</html>`;
}
