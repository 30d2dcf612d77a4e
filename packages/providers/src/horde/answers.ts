import type { z } from 'zod';
import { readBoundedJson } from '../bounded-json.js';
import type { AskedJob, JobState, PollAnswer, SubmitAnswer, VendorAnswer } from '../provider-adapter.js';
import { refusalOf } from '../refusal.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { vendorJobId } from '../vendor-text.js';
import { readError } from './classifier.js';
import { endOf, isOver, openState } from './request-state.js';
import { statusRequest } from './requests.js';
import { acceptedSchema, checkSchema, statusSchema } from './schemas.js';
import { hordeSheets } from './sheets.js';

/** What a submit's answer proves. A success that names no request may have been taken all the same. */
export function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  if (!isSuccess(answer.status)) return refusalOf(answer, readError(answer, now));
  const json = readBoundedJson(answer.body, sheetIn(hordeSheets, model).maxAnswerBytes.submit);
  const jobId = json.ok ? vendorJobId(acceptedSchema.safeParse(json.value).data?.id) : undefined;
  return jobId === undefined
    ? unreadable(json.ok ? 'no request in the answer' : json.reason)
    : { kind: 'accepted', jobId, queuePosition: null };
}

/** How it stands; where it is over, what came of it is asked next. */
export function readPollAnswer(answer: VendorAnswer, asked: AskedJob, now: number): PollAnswer {
  const said = readAs(checkSchema, answer, asked, now);
  if (said.kind !== 'read') return said;
  if (!isOver(said.value)) return jobAt(asked, openState(said.value));
  return {
    kind: 'ask',
    request: statusRequest(asked.model, asked.jobId),
    read(whole, later) {
      const then = readAs(statusSchema, whole, asked, later);
      if (then.kind !== 'read') return then;
      return jobAt(asked, isOver(then.value) ? endOf(then.value) : openState(then.value));
    },
  };
}

/** The answer tells how it stood before: what nobody had then is dropped, what somebody has will be drawn. */
export function readCancelAnswer(answer: VendorAnswer, asked: AskedJob, now: number): PollAnswer {
  const said = readAs(statusSchema, answer, asked, now);
  if (said.kind !== 'read') return said;
  const { finished, processing } = said.value;
  if (isOver(said.value)) return jobAt(asked, endOf(said.value));
  return jobAt(
    asked,
    finished === 0 && processing === 0 ? { kind: 'canceled', isFree: true } : openState(said.value),
  );
}

const jobAt = ({ jobId }: AskedJob, state: JobState): PollAnswer => ({
  kind: 'job',
  jobId,
  reference: null,
  state,
});

/** An answer to a question about a request, or why there is none. */
function readAs<T>(
  schema: z.ZodType<T>,
  answer: VendorAnswer,
  { model }: AskedJob,
  now: number,
): { readonly kind: 'read'; readonly value: T } | Exclude<PollAnswer, { kind: 'job' | 'ask' }> {
  if (!isSuccess(answer.status)) {
    const { isRefusal: _, ...error } = readError(answer, now);
    // Forgotten, which it is twenty minutes after anything was last heard of it, or never known: not failed.
    return error.vendorCode === 'RequestNotFound' ? { kind: 'not_found' } : { kind: 'error', ...error };
  }
  const json = readBoundedJson(answer.body, sheetIn(hordeSheets, model).maxAnswerBytes.poll);
  if (!json.ok) return unreadable(json.reason);
  const read = schema.safeParse(json.value);
  return read.success ? { kind: 'read', value: read.data } : unreadable('no request in the answer');
}
