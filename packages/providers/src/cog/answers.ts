import { readPrediction } from '../predictions/read-prediction.js';
import { readState } from '../predictions/state.js';
import type { AskedJob, PollAnswer, SubmitAnswer, VendorAnswer } from '../provider-adapter.js';
import { errorOfStatus } from '../refusal.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { readRefusal } from './classifier.js';
import { cogSheets } from './sheets.js';

/** What a PUT's answer proves. */
export function readSubmitAnswer(model: string, answer: VendorAnswer): SubmitAnswer {
  if (!isSuccess(answer.status)) {
    const refusal = readRefusal(answer);
    return refusal === undefined
      ? unreadable(`status ${answer.status} in no words of the server's`)
      : { kind: 'refused', ...refusal };
  }
  const read = readPrediction(answer.body, sheetIn(cogSheets, model).maxAnswerBytes.submit);
  if (read.kind === 'unreadable') return read;
  const state = readState(read.prediction);
  return state.kind === 'open'
    ? { kind: 'accepted', jobId: read.jobId, queuePosition: null }
    : { kind: 'ended', jobId: read.jobId, state };
}

/** `{}`: the run will end as canceled, which the webhook tells. 404: there is no such run, or not any more. */
export function readCancelAnswer(answer: VendorAnswer, { jobId }: AskedJob): PollAnswer {
  if (answer.status === 404 && isEmptyObject(answer.body)) return { kind: 'not_found' };
  if (!isSuccess(answer.status)) return { kind: 'error', ...errorOfStatus(answer) };
  if (!isEmptyObject(answer.body)) return unreadable('another answer than an empty object');
  return {
    kind: 'job',
    jobId,
    reference: null,
    state: {
      kind: 'open',
      stage: 'running',
      percent: null,
      queuePosition: null,
      vendorStatus: 'canceling',
      statusKnown: true,
    },
  };
}

const isEmptyObject = (body: Uint8Array): boolean => Buffer.from(body).toString('latin1').trim() === '{}';
