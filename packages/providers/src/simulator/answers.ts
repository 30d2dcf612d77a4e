import { readBoundedJson } from '../bounded-json.js';
import type {
  AskedJob,
  LookupAnswer,
  LostSubmit,
  PollAnswer,
  SubmitAnswer,
  VendorAnswer,
} from '../provider-adapter.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { vendorJobId } from '../vendor-text.js';
import { isDefiniteRefusal, isDuplicateCode, readError } from './classifier.js';
import { readJobState } from './job-state.js';
import { sheetOf } from './requests.js';
import { jobSchema, listSchema, submittedSchema } from './schemas.js';

/** More jobs than this under one reference is no listing of ours. */
const maxListed = 20;

/** What a submit's answer proves. Everything that is not clearly one thing is unreadable, and so an unknown outcome. */
export function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  const sheet = sheetOf(model);
  if (!isSuccess(answer.status)) {
    const { ownEnvelope, ...error } = readError(answer, now);
    if (ownEnvelope && isDuplicateCode(error.vendorCode)) {
      return { kind: 'duplicate', vendorCode: error.vendorCode, vendorMessage: error.vendorMessage };
    }
    if (ownEnvelope && isDefiniteRefusal(answer.status)) return { kind: 'refused', ...error };
    return unreadable(
      `status ${answer.status}${ownEnvelope ? ` ${error.vendorCode}` : ' without the error envelope'}`,
    );
  }
  const json = readBoundedJson(answer.body, sheet.maxAnswerBytes.submit);
  if (!json.ok) return unreadable(json.reason);
  return sheet.result === 'inline' ? readInline(json.value) : readAccepted(json.value);
}

function readAccepted(value: unknown): SubmitAnswer {
  const submitted = submittedSchema.safeParse(value);
  const jobId = submitted.success ? vendorJobId(submitted.data.id) : undefined;
  if (!submitted.success || jobId === undefined) return unreadable('no usable job id');
  return { kind: 'accepted', jobId, queuePosition: submitted.data.queue_position ?? null };
}

function readInline(value: unknown): SubmitAnswer {
  const job = jobSchema.safeParse(value);
  if (!job.success) return unreadable('no job in the answer');
  const state = readJobState(job.data);
  if (state.kind === 'open') return unreadable('the answer is no end of a job');
  // Something in between has a status too, and no id at all; pictures speak for themselves.
  if (job.data.id === undefined && state.kind !== 'produced') return unreadable('an end of no job');
  return { kind: 'ended', jobId: vendorJobId(job.data.id) ?? null, state };
}

/** What a poll's or a cancel's answer says of the job that was asked for. */
export function readPollAnswer(answer: VendorAnswer, { jobId }: AskedJob, now: number): PollAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope, ...error } = readError(answer, now);
    // A 404 of something in between says nothing about the job.
    if (answer.status === 404 && ownEnvelope) return { kind: 'not_found' };
    return { kind: 'error', ...error };
  }
  const json = readBoundedJson(answer.body, sheetOf('standard').maxAnswerBytes.poll);
  if (!json.ok) return unreadable(json.reason);
  const job = jobSchema.safeParse(json.value);
  if (!job.success) return unreadable('no job in the answer');
  if (job.data.id !== jobId) return unreadable('the answer names another job');
  return {
    kind: 'job',
    jobId,
    reference: job.data.reference ?? null,
    state: readJobState(job.data),
  };
}

/** What a listing says. Only one that is whole, and about our reference alone, can show absence. */
export function readLookupAnswer(answer: VendorAnswer, { reference }: LostSubmit, now: number): LookupAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope: _, ...error } = readError(answer, now);
    return { kind: 'error', ...error };
  }
  const json = readBoundedJson(answer.body, sheetOf('standard').maxAnswerBytes.lookup);
  if (!json.ok) return unreadable(json.reason);
  const list = listSchema.safeParse(json.value);
  if (!list.success) return unreadable('no list in the answer');
  if (list.data.data.length > maxListed) return unreadable('the list is about more than our reference');
  const jobs: Extract<LookupAnswer, { kind: 'found' }>['jobs'] = [];
  for (const entry of list.data.data) {
    const job = jobSchema.safeParse(entry);
    const jobId = job.success ? vendorJobId(job.data.id) : undefined;
    if (!job.success || jobId === undefined) return unreadable('a listed job cannot be read');
    if (job.data.reference !== reference) return unreadable('a listed job has another reference');
    jobs.push({ jobId, state: readJobState(job.data) });
  }
  return jobs.length === 0 ? { kind: 'absent' } : { kind: 'found', jobs };
}
