import { readBoundedJson } from '../bounded-json.js';
import type { AskedJob, PollAnswer, SubmitAnswer, VendorAnswer } from '../provider-adapter.js';
import { refusalOf } from '../refusal.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { vendorJobId, vendorLink } from '../vendor-text.js';
import { readError } from './classifier.js';
import { acceptedSchema, taskSchema } from './schemas.js';
import { bflSheets } from './sheets.js';
import { isUnknownTask, readState } from './task.js';

/** A credit is a hundredth of a dollar. */
const microsPerCredit = 10_000;

/** What a submit's answer proves. */
export function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  if (!isSuccess(answer.status)) return refusalOf(answer, readError(answer, now));
  const json = readBoundedJson(answer.body, sheetIn(bflSheets, model).maxAnswerBytes.submit);
  if (!json.ok) return unreadable(json.reason);
  const accepted = acceptedSchema.safeParse(json.value);
  const jobId = accepted.success ? vendorJobId(accepted.data.id) : undefined;
  if (!accepted.success || jobId === undefined) return unreadable('no task in the answer');
  const { cost, polling_url } = accepted.data;
  const jobUrl = vendorLink(polling_url);
  return {
    kind: 'accepted',
    jobId,
    queuePosition: null,
    ...(jobUrl === undefined ? {} : { jobUrl }),
    ...(typeof cost === 'number'
      ? { cost: { micros: String(Math.round(cost * microsPerCredit)), currency: 'USD' } }
      : {}),
  };
}

/** The body first: with which status it comes is not to be relied upon. */
export function readPollAnswer(answer: VendorAnswer, { model, jobId }: AskedJob, now: number): PollAnswer {
  const json = readBoundedJson(answer.body, sheetIn(bflSheets, model).maxAnswerBytes.poll);
  const task = json.ok ? taskSchema.safeParse(json.value) : undefined;
  if (!task?.success) {
    if (isSuccess(answer.status)) return unreadable(json.ok ? 'no task in the answer' : json.reason);
    const { isRefusal: _, ...error } = readError(answer, now);
    return { kind: 'error', ...error };
  }
  const { id } = task.data;
  if (isUnknownTask(task.data) && (!id || id === jobId)) return { kind: 'not_found' };
  // Something in between has a status too, and names no task.
  if (id !== jobId) return unreadable('the answer does not name the task');
  return { kind: 'job', jobId, reference: null, state: readState(task.data) };
}
