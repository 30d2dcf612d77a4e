import type { Evidence } from '@darkroom/domain';
import type { EgressOutcome } from '@darkroom/platform';
import { answerHeader } from '@darkroom/providers';

const mostBytes = 4_096;

/** What came back for a submit, cut; nothing of what was sent is in it. Times are RFC 3339. */
export function evidenceOf(outcome: EgressOutcome, stagingKey: string, observedAt: number): Evidence {
  const body =
    outcome.kind === 'answer' ? outcome.body : outcome.kind === 'lost' ? outcome.partialBody : undefined;
  return {
    responseStatus: outcome.kind === 'not-sent' ? 0 : (outcome.status ?? 0),
    responseBody: readable(body),
    error: outcome.kind === 'answer' ? '' : `${outcome.reason}: ${outcome.error}`.slice(0, 500),
    stagingKey,
    observedAt: new Date(observedAt).toISOString(),
    requestId: outcome.kind === 'answer' ? requestIdOf(outcome.headers) : '',
  };
}

const longestId = 200;

/** What the vendor calls this exchange. */
function requestIdOf(headers: Readonly<Record<string, string>>): string {
  const id = answerHeader(headers, 'x-request-id') ?? '';
  return id.replaceAll(/[^ -~]/g, '').slice(0, longestId);
}

function readable(body: Buffer | undefined): string {
  const text = body?.subarray(0, mostBytes).toString('utf8') ?? '';
  // Postgres stores no NUL in a text; a lone surrogate cannot come out of a decoder.
  return text.replaceAll('\0', '\uFFFD');
}
