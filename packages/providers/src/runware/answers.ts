import type {
  AskedJob,
  JobState,
  LookupAnswer,
  LostSubmit,
  PollAnswer,
  SubmitAnswer,
  Unreadable,
  VendorAnswer,
  VendorError,
} from '../provider-adapter.js';
import { readOnce } from '../read-once.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { classOfCode, isConflict, isOfRun, readError } from './classifier.js';
import { type Envelope, envelopeOf, itemsOf, onlyTask, readEnvelope } from './envelope.js';
import { detailsRequest, taskIdOf } from './requests.js';
import { detailsSchema, type TaskError } from './schemas.js';
import { runwareSheets } from './sheets.js';
import { failureOf, isCalled, readState } from './task.js';

/** What a submit's answer proves. */
export function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  const envelope = readEnvelope(answer.body, sheetIn(runwareSheets, model).maxAnswerBytes.submit);
  if (envelope.kind === 'unreadable') return envelope;
  const { items, errors, data } = envelope;
  const conflict = errors.find(isConflict);
  const { isRefusal: _, ...error } = readError(answer, conflict ?? errors[0], now);
  const { vendorCode, vendorMessage } = error;
  if (conflict !== undefined) return { kind: 'duplicate', vendorCode, vendorMessage };
  const jobId = isSuccess(answer.status) ? onlyTask(items) : undefined;
  const ours = jobId === undefined ? undefined : itemsOf(items, jobId);
  if (jobId !== undefined && ours !== undefined) {
    const state = readState(ours);
    return state.kind === 'open'
      ? { kind: 'accepted', jobId, queuePosition: null }
      : { kind: 'ended', jobId, state };
  }
  const areRefusals = errors.length > 0 && errors.every((said) => readError(answer, said, now).isRefusal);
  return areRefusals && data.length === 0
    ? { kind: 'refused', ...error }
    : unreadable(`status ${answer.status} ${vendorCode}, by which nothing is refused for certain`);
}

/** How the task stands; where the vendor's running tasks do not have it, the archive is asked. */
export function readPollAnswer(answer: VendorAnswer, asked: AskedJob, now: number): PollAnswer {
  const asPoll = (said: Exclude<Said, { kind: 'nowhere' }>): PollAnswer =>
    said.kind === 'state' ? { kind: 'job', jobId: asked.jobId, reference: null, state: said.state } : said;
  const said = readResponse(answer, asked, now);
  if (said.kind !== 'nowhere') return asPoll(said);
  return {
    kind: 'ask',
    request: detailsRequest(asked.model, asked.jobId),
    read(then, later) {
      const kept = readDetails(then, asked, later);
      return kept.kind === 'nowhere' ? { kind: 'not_found' } : asPoll(kept);
    },
  };
}

/** The same of a submit whose answer was lost: its task's id is known. That neither has it is no proof, which the sheet says. */
export function readLookupAnswer(answer: VendorAnswer, lost: LostSubmit, now: number): LookupAnswer {
  const asked = { model: lost.model, jobId: taskIdOf(lost.reference) };
  const asLookup = (said: Exclude<Said, { kind: 'nowhere' }>): LookupAnswer =>
    said.kind === 'state' ? { kind: 'found', jobs: [{ jobId: asked.jobId, state: said.state }] } : said;
  const said = readResponse(answer, asked, now);
  if (said.kind !== 'nowhere') return asLookup(said);
  return {
    kind: 'page',
    isWhole: true,
    jobs: [],
    next: detailsRequest(asked.model, asked.jobId),
    read(then, later) {
      const kept = readDetails(then, asked, later);
      return kept.kind === 'nowhere' ? { kind: 'absent' } : asLookup(kept);
    },
  };
}

/** What one of the two answers says of a task. */
type Said =
  | { readonly kind: 'state'; readonly state: JobState }
  | { readonly kind: 'nowhere' }
  | ({ readonly kind: 'error' } & VendorError)
  | Unreadable;

/** A task that has failed may be told of as an error beside the tasks; so may be what is wrong with the question. */
function readResponse(answer: VendorAnswer, asked: AskedJob, now: number): Said {
  const envelope = readAnswer(answer, now);
  if (envelope.kind !== 'read') return envelope;
  const ours = itemsOf(envelope.items, asked.jobId);
  if (ours !== undefined) return { kind: 'state', state: readState(ours) };
  const failure = envelope.errors.find(
    (error) => error.taskUUID === asked.jobId && (isCalled(error, 'error') || isOfRun(error)),
  );
  if (failure !== undefined) return { kind: 'state', state: failureOf(failure) };
  return nothingOf(answer, envelope, now);
}

/** The archive has what was answered once: the picture, or why there is none. */
function readDetails(answer: VendorAnswer, asked: AskedJob, now: number): Said {
  const envelope = readAnswer(answer, now);
  if (envelope.kind !== 'read') return envelope;
  const details = envelope.data
    .map((entry) => detailsSchema.safeParse(entry).data)
    .find((entry) => entry?.taskUUID === asked.jobId);
  if (details === undefined) return nothingOf(answer, envelope, now);
  const kept = envelopeOf(details.response);
  if (kept.kind === 'unreadable') return kept;
  const ours = itemsOf(kept.items, asked.jobId);
  if (ours !== undefined) return { kind: 'state', state: readState(ours) };
  const [failure] = kept.errors;
  // That the id was used again tells nothing of its first use.
  return failure === undefined || isConflict(failure)
    ? unreadable('the archive does not say what came of the task')
    : { kind: 'state', state: failureOf(failure) };
}

/** How much it may be was decided where it was asked for: an answer about many jobs is as large as those of each. */
const readEnvelopeOnce = readOnce(({ body }) => readEnvelope(body, Number.POSITIVE_INFINITY));

function readAnswer(
  answer: VendorAnswer,
  now: number,
): Envelope | Extract<Said, { kind: 'error' }> | Unreadable {
  const envelope = readEnvelopeOnce(answer);
  return envelope.kind === 'read' || isSuccess(answer.status) ? envelope : errorOf(answer, undefined, now);
}

/** No task of that name: because it is not known, or because the question failed. */
function nothingOf(answer: VendorAnswer, { errors, isEmpty }: Envelope, now: number): Said {
  const [said] = errors;
  const isUnknown = classOfCode(said?.code ?? '') === 'FAILURE_CLASS_NOT_FOUND' && answer.status < 500;
  if (isUnknown || (isEmpty && isSuccess(answer.status))) return { kind: 'nowhere' };
  return isSuccess(answer.status) && said === undefined
    ? unreadable('the answer names another task')
    : errorOf(answer, said, now);
}

function errorOf(
  answer: VendorAnswer,
  said: TaskError | undefined,
  now: number,
): { readonly kind: 'error' } & VendorError {
  const { isRefusal: _, ...error } = readError(answer, said, now);
  return { kind: 'error', ...error };
}
