import { readBoundedJson } from '../bounded-json.js';
import type {
  AskedJob,
  JobState,
  LookupAnswer,
  LostSubmit,
  PollAnswer,
  SubmitAnswer,
  VendorAnswer,
} from '../provider-adapter.js';
import { isSameInput } from '../same-input.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { vendorJobId } from '../vendor-text.js';
import { failureOf, isDefiniteRefusal, readError, statusInText } from './classifier.js';
import { inputOf, lookupRequest, pollRequest, resultRequest, sheetOf } from './requests.js';
import { openState, stateOfResult } from './result.js';
import { historySchema, pastRequestSchema, queuedSchema, statusSchema } from './schemas.js';

const jobAt = (jobId: string, state: JobState): PollAnswer => ({
  kind: 'job',
  jobId,
  reference: null,
  state,
});

/** What a submit's answer proves. Everything that is not clearly one thing is unreadable, and so an unknown outcome. */
export function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope, isAnEnd: _, ...error } = readError(answer, now);
    if (ownEnvelope && isDefiniteRefusal(answer.status)) return { kind: 'refused', ...error };
    return unreadable(`status ${answer.status}${ownEnvelope ? '' : ' without the error envelope'}`);
  }
  const json = readBoundedJson(answer.body, sheetOf(model).maxAnswerBytes.submit);
  if (!json.ok) return unreadable(json.reason);
  const queued = queuedSchema.safeParse(json.value);
  const jobId = queued.success ? vendorJobId(queued.data.request_id) : undefined;
  if (!queued.success || jobId === undefined) return unreadable('no usable request id');
  return { kind: 'accepted', jobId, queuePosition: queued.data.queue_position ?? null };
}

/** What the status says; of a request that has ended it does not say how, which is asked next. */
export function readPollAnswer(answer: VendorAnswer, asked: AskedJob, now: number): PollAnswer {
  const { model, jobId } = asked;
  if (!isSuccess(answer.status)) return failedQuestion(answer, now);
  const json = readBoundedJson(answer.body, sheetOf(model).maxAnswerBytes.poll);
  if (!json.ok) return unreadable(json.reason);
  const status = statusSchema.safeParse(json.value);
  if (!status.success) return unreadable('no status in the answer');
  const { request_id, error, error_type } = status.data;
  if (request_id && request_id !== jobId) return unreadable('the answer names another request');
  if (status.data.status.toUpperCase() !== 'COMPLETED') return jobAt(jobId, openState(status.data));
  if (error_type)
    return jobAt(jobId, failureOf(error_type, typeof error === 'string' ? error : '', statusInText(error)));
  return {
    kind: 'ask',
    request: resultRequest(model, jobId),
    read: (result, at) => readResult(result, asked, at),
  };
}

/** The model's own answer, with its own status. An error is the request's end only where the model said it: the queue has errors of its own. */
function readResult(answer: VendorAnswer, { model, jobId }: AskedJob, now: number): PollAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope: _, isAnEnd, ...error } = readError(answer, now);
    if (!isAnEnd || [401, 403, 404, 429].includes(answer.status)) return { kind: 'error', ...error };
    return jobAt(jobId, failureOf(error.vendorCode, error.vendorMessage, answer.status));
  }
  const json = readBoundedJson(answer.body, sheetOf(model).maxAnswerBytes.poll);
  if (!json.ok) return unreadable(json.reason);
  const state = stateOfResult(json.value);
  return state === undefined ? unreadable('no result in the answer') : jobAt(jobId, state);
}

function failedQuestion(answer: VendorAnswer, now: number): PollAnswer {
  const { ownEnvelope, isAnEnd: _, ...error } = readError(answer, now);
  // A 404 of something in between says nothing about the request.
  return answer.status === 404 && ownEnvelope ? { kind: 'not_found' } : { kind: 'error', ...error };
}

/** Taken out of the queue, which costs nothing; asked to stop, which its app decides; or ended before, and its status says how. */
export function readCancelAnswer(answer: VendorAnswer, asked: AskedJob, now: number): PollAnswer {
  const { model, jobId } = asked;
  switch (wordOf(answer)) {
    case 'OK':
      return jobAt(jobId, { kind: 'canceled', isFree: true });
    case 'CANCELLATION_REQUESTED':
      return jobAt(jobId, openState({ status: 'IN_PROGRESS' }));
    case 'ALREADY_COMPLETED':
      return {
        kind: 'ask',
        request: pollRequest(model, jobId),
        read: (status, at) => readPollAnswer(status, asked, at),
      };
    case 'NOT_FOUND':
      return { kind: 'not_found' };
    default:
      return isSuccess(answer.status)
        ? unreadable('no word of the cancellation')
        : failedQuestion(answer, now);
  }
}

function wordOf(answer: VendorAnswer): string | undefined {
  const json = readBoundedJson(answer.body, 64 * 1024);
  const status = json.ok ? statusSchema.safeParse(json.value) : undefined;
  return status?.success ? status.data.status.toUpperCase() : undefined;
}

/** What a page of the history says of a lost submit: it is known by what was asked, with a seed that is ours. */
export function readLookupAnswer(answer: VendorAnswer, lost: LostSubmit, now: number): LookupAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope: _, isAnEnd: _end, ...error } = readError(answer, now);
    return { kind: 'error', ...error };
  }
  const json = readBoundedJson(answer.body, sheetOf(lost.model).maxAnswerBytes.lookup);
  if (!json.ok) return unreadable(json.reason);
  const history = historySchema.safeParse(json.value);
  if (!history.success) return unreadable('no history in the answer');
  const { items, has_more, next_cursor } = history.data;
  const jobs: Extract<LookupAnswer, { kind: 'found' }>['jobs'] = [];
  let isWhole = true;
  for (const item of items) {
    const past = pastRequestSchema.safeParse(item);
    const jobId = past.success ? vendorJobId(past.data.request_id) : undefined;
    // One that cannot be read may be ours: the others count all the same.
    if (!past.success || jobId === undefined) isWhole = false;
    else if (isSameInput(past.data.json_input, inputOf(lost)))
      jobs.push({ jobId, state: openState({ status: 'IN_PROGRESS' }) });
  }
  if (has_more === true) {
    if (next_cursor) return { kind: 'page', jobs, isWhole, next: lookupRequest(lost, next_cursor) };
    isWhole = false;
  }
  if (jobs.length > 0) return { kind: 'found', jobs };
  return isWhole ? { kind: 'absent' } : unreadable('part of the history cannot be read');
}
