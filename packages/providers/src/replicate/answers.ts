import { readBoundedJson } from '../bounded-json.js';
import { readPrediction } from '../predictions/read-prediction.js';
import { type Prediction, predictionSchema } from '../predictions/schema.js';
import { readState } from '../predictions/state.js';
import { isSameInput } from '../same-input.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import type {
  AskedJob,
  LookupAnswer,
  LostSubmit,
  PollAnswer,
  SubmitAnswer,
  VendorAnswer,
} from '../provider-adapter.js';
import { vendorJobId } from '../vendor-text.js';
import { isDefiniteRefusal, readError } from './classifier.js';
import { inputOf, nextPageRequest, sheetOf } from './requests.js';
import { predictionsSchema } from './schemas.js';

/** What a submit's answer proves. Everything that is not clearly one thing is unreadable, and so an unknown outcome. */
export function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope, ...error } = readError(answer, now);
    if (!ownEnvelope || !isDefiniteRefusal(answer.status))
      return unreadable(`status ${answer.status}${ownEnvelope ? '' : ' without the error envelope'}`);
    // On a submit there is no job that could be missing: it is the model.
    return answer.status === 404
      ? { kind: 'refused', ...error, failureClass: 'FAILURE_CLASS_INVALID_REQUEST' }
      : { kind: 'refused', ...error };
  }
  const read = readPrediction(answer.body, sheetOf(model).maxAnswerBytes.submit);
  if (read.kind === 'unreadable') return read;
  const state = readState(read.prediction);
  return state.kind === 'open'
    ? { kind: 'accepted', jobId: read.jobId, queuePosition: null }
    : { kind: 'ended', jobId: read.jobId, state };
}

/** What a poll's or a cancel's answer says of the prediction that was asked for. */
export function readPollAnswer(answer: VendorAnswer, { jobId }: AskedJob, now: number): PollAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope, ...error } = readError(answer, now);
    // A 404 of something in between says nothing about the prediction.
    return answer.status === 404 && ownEnvelope ? { kind: 'not_found' } : { kind: 'error', ...error };
  }
  const read = readPrediction(answer.body, Number.POSITIVE_INFINITY);
  if (read.kind === 'unreadable') return read;
  if (read.jobId !== jobId) return unreadable('the answer names another prediction');
  return { kind: 'job', jobId, reference: null, state: readState(read.prediction) };
}

/** What a page of the list says of a lost submit. */
export function readLookupAnswer(answer: VendorAnswer, lost: LostSubmit, now: number): LookupAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope: _, ...error } = readError(answer, now);
    return { kind: 'error', ...error };
  }
  const json = readBoundedJson(answer.body, sheetOf(lost.model).maxAnswerBytes.lookup);
  if (!json.ok) return unreadable(json.reason);
  const list = predictionsSchema.safeParse(json.value);
  if (!list.success) return unreadable('no list of predictions in the answer');
  const jobs: Extract<LookupAnswer, { kind: 'found' }>['jobs'] = [];
  let isWhole = true;
  for (const entry of list.data.results) {
    const prediction = predictionSchema.safeParse(entry);
    const jobId = prediction.success ? vendorJobId(prediction.data.id) : undefined;
    // One that cannot be read may be ours: the others count all the same.
    if (!prediction.success || jobId === undefined) isWhole = false;
    else if (isOf(prediction.data, lost)) jobs.push({ jobId, state: readState(prediction.data) });
  }
  if (list.data.next) {
    const next = nextPageRequest(lost.model, list.data.next);
    if (next !== undefined) return { kind: 'page', jobs, isWhole, next };
    isWhole = false;
  }
  if (jobs.length > 0) return { kind: 'found', jobs };
  return isWhole ? { kind: 'absent' } : unreadable('part of the list cannot be read');
}

/**
 * Whether a listed prediction is the lost submit's. Its webhook names the attempt and settles it either way; where there is none of
 * ours it is what was asked, which an hour after the end the list has no more.
 */
function isOf({ webhook, input, model }: Prediction, lost: LostSubmit): boolean {
  const named = webhook ? lost.names(webhook) : undefined;
  if (named !== undefined) return named;
  return (!model || model === lost.model) && isSameInput(input, inputOf(lost));
}
