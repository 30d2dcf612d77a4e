import type { Logged } from './darkroom-here.js';
import type { Mishap } from './mishaps.js';
import { isOpenQuestion, type Seen } from './seen.js';

type EventOf<T extends Logged['type']> = Extract<Logged, { type: T }>;

/** A status word that no vendor has. */
export const unknownWord = 'PONDERING';

/** What became of a request, in words: everything that differs between two behaviours must differ here. */
export function tell(mishap: Mishap, seen: Seen): string {
  return [...onTheWay(mishap, seen), end(seen), bill(seen), ...asked(seen)].join(', ');
}

function onTheWay(mishap: Mishap, seen: Seen): string[] {
  return [
    ...(seen.pausedBy === null ? [] : ['account paused', 'work kept']),
    ...failedTries(seen),
    ...settled(seen),
    ...besides(mishap, seen),
  ];
}

/** What only one mishap makes worth a word. */
function besides(mishap: Mishap, seen: Seen): string[] {
  const { deliveries, events, jobs } = seen;
  const heard = events.filter(({ type }) => type === 'ProviderNotified').length;
  switch (mishap) {
    case 'forged': {
      const refused = deliveries.filter((status) => status >= 400);
      return [`forgeries refused (${refused.join(', ')})`, `${heard} heard`];
    }
    case 'before the reply': {
      const [first] = events.filter(({ type }) => afterTheReply.has(type) || type === 'ProviderNotified');
      return [first?.type === 'ProviderNotified' ? 'kept until the reply' : 'heard after the reply'];
    }
    case 'twice':
      return [`${deliveries.length} came`, `${heard} heard`];
    case 'unknown status word':
      return [JSON.stringify(events).includes(unknownWord) ? 'taken for running' : 'not heard'];
    case '404, then 200':
      return [jobs.every(({ polls }) => polls > 2) ? 'asked again' : 'not asked again'];
    default:
      return [];
  }
}

const afterTheReply: ReadonlySet<string> = new Set(['SubmissionAccepted', 'OutputsProduced']);

/** A machine too busy to send in time sends nothing and tries again: no answer to what befell the request before. */
const neverLeft = ({ data }: EventOf<'AttemptFailed'>): boolean =>
  data.end === 'ATTEMPT_END_NOT_SENT' && data.vendorMessage.startsWith('send_by:');

/** A try that failed, and what was done about it. */
function failedTries(seen: Seen): string[] {
  const failed = seen.events.filter(
    (event): event is EventOf<'AttemptFailed'> =>
      event.type === 'AttemptFailed' && event.data.retryAt !== undefined && !neverLeft(event),
  );
  const first = failed.find(({ data }) => data.retryRule !== 'account_paused');
  if (first === undefined) return [];
  const times = failed.length === 1 ? '' : ` ${failed.length} times`;
  return [`${first.data.retryRule === 'provider_capacity' ? waits(first, seen) : 'tries again'}${times}`];
}

function waits({ data }: EventOf<'AttemptFailed'>, { submits, toldUntil }: Seen): string {
  const until = Date.parse(data.retryAt ?? '');
  const waitMs = until - Date.parse(data.evidence?.observedAt ?? '');
  const [, again] = submits;
  if (again !== undefined && again < until) return 'asks again too soon';
  // The next second, as a date has no smaller parts.
  if (toldUntil !== null)
    return Math.abs(until - toldUntil) < 1_000 ? 'waits until then' : 'waits until some time';
  if (waitMs < 250) return 'asks again at once';
  return waitMs < 1_000 ? 'waits as it does by itself' : `waits ${Math.floor(waitMs / 1_000)} s`;
}

/** How an unknown outcome was settled, if there was one and it was. */
function settled({ resource, events }: Seen): string[] {
  const asked = events.findIndex(({ type }) => type === 'SubmissionOutcomeUnknown');
  if (asked === -1 || isOpenQuestion(resource.status_reason?.code)) return [];
  const since = events.slice(asked);
  const answer = since.findIndex(({ type }) => type === 'SubmissionResolved');
  const answered = since[answer];
  if (answered?.type === 'SubmissionResolved' && answered.data.resolution !== 'RESOLUTION_FOUND')
    return [`settled as ${answered.data.resolution.replace('RESOLUTION_', '').toLowerCase()}`];
  const before = since.slice(0, answer === -1 ? undefined : answer).map(({ type }) => type);
  if (before.includes('ProviderNotified')) return ['settled by its webhook'];
  return [before.includes('SubmissionRepeated') ? 'settled by its key' : 'settled by look-up'];
}

function end({ resource, events, jobs }: Seen): string {
  const { status, status_reason, error } = resource;
  if (isOpenQuestion(status_reason?.code)) return 'open question';
  if (status === 'failed') return `failed ${error?.code ?? ''}`;
  if (status !== 'canceled') return status;
  if (jobs.some(({ canceledAt }) => canceledAt !== null)) return 'canceled, at the vendor too';
  const orphan = events.find(({ type }) => type === 'PaidOrphanRecorded');
  return orphan === undefined ? 'canceled' : 'canceled, what the vendor makes is recorded';
}

function bill({ jobs }: Seen): string {
  if (jobs.length === 0) return 'no charge';
  return jobs.length === 1 ? '1 charge' : `${jobs.length} charges`;
}

/** Of an open question: whether anything was sent to the vendor again. */
function asked({ resource, submits, events }: Seen): string[] {
  if (!isOpenQuestion(resource.status_reason?.code)) return [];
  const repeats = events.filter(({ type }) => type === 'SubmissionRepeated').length;
  if (submits.length === 1) return ['never submitted again'];
  return [submits.length === 1 + repeats ? 'only its key sent again' : `submitted ${submits.length} times`];
}
