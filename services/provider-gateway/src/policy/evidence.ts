import type { Evidence } from '@darkroom/domain';
import type { EgressOutcome } from '@darkroom/platform';
import { answerHeader } from '@darkroom/providers';

const mostBytes = 4_096;

/** What is known of a submit beside what came back. */
interface Sent {
  /** Of the raw answer, empty where it was not staged. */
  readonly stagingKey: string;
  /** Milliseconds since the epoch. */
  readonly observedAt: number;
  /** Empty where whoever sent it is gone. */
  readonly request: string;
}

/** A request as evidence names it: method and address, without the query. */
export function requestLine(method: string, address: string): string {
  const { origin, pathname } = new URL(address);
  return `${method} ${origin}${pathname}`;
}

/** What a look-up asked, and what came back last. */
export interface LookUpSeen {
  /** Method and address of the first page. */
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** That a look-up was made and answered. What came back is left out: a listing tells of other people's jobs too. */
export function evidenceOfLookUp({ request, status, headers }: LookUpSeen, observedAt: number): Evidence {
  return {
    responseStatus: status,
    responseBody: '',
    error: '',
    stagingKey: '',
    observedAt: new Date(observedAt).toISOString(),
    requestId: requestIdOf(headers),
    request,
  };
}

/** What was sent and what came back for a submit, cut. */
export function evidenceOf(outcome: EgressOutcome, { stagingKey, observedAt, request }: Sent): Evidence {
  const body =
    outcome.kind === 'answer' ? outcome.body : outcome.kind === 'lost' ? outcome.partialBody : undefined;
  return {
    responseStatus: outcome.kind === 'not-sent' ? 0 : (outcome.status ?? 0),
    responseBody: readable(body),
    error: outcome.kind === 'answer' ? '' : `${outcome.reason}: ${outcome.error}`.slice(0, 500),
    stagingKey,
    observedAt: new Date(observedAt).toISOString(),
    requestId: outcome.kind === 'not-sent' ? '' : requestIdOf(outcome.headers ?? {}),
    request,
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
