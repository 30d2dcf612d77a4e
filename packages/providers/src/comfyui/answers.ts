import type { z } from 'zod';
import { readBoundedJson } from '../bounded-json.js';
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
import { errorOfStatus } from '../refusal.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { vendorJobId, vendorText } from '../vendor-text.js';
import { readEnd } from './history.js';
import { historyRequest } from './requests.js';
import {
  canceledSchema,
  historyEntrySchema,
  historySchema,
  promptIdOf,
  queuedSchema,
  queueSchema,
  refusalSchema,
} from './schemas.js';
import { comfyuiSheets } from './sheets.js';

const maxErrorBytes = 1024 * 1024;

/** What a submit's answer proves. */
export function readSubmitAnswer(model: string, answer: VendorAnswer): SubmitAnswer {
  if (isSuccess(answer.status)) {
    const queued = read(answer, queuedSchema, sheetIn(comfyuiSheets, model).maxAnswerBytes.submit);
    if (queued.kind === 'unreadable') return queued;
    const jobId = vendorJobId(queued.value.prompt_id);
    return jobId === undefined
      ? unreadable('no prompt id in the answer')
      : { kind: 'accepted', jobId, queuePosition: null };
  }
  const refusal = answer.status === 400 ? read(answer, refusalSchema, maxErrorBytes) : undefined;
  if (refusal?.kind !== 'read')
    return unreadable(`status ${answer.status}, by which nothing is refused for certain`);
  const { error, node_errors } = refusal.value;
  return {
    kind: 'refused',
    failureClass: 'FAILURE_CLASS_INVALID_REQUEST',
    vendorCode: vendorText(error.type, 100),
    vendorMessage: vendorText(`${error.message ?? ''} ${JSON.stringify(node_errors ?? '')}`.trim(), 500),
    retryAfterSeconds: null,
  };
}

/**
 * The queue first, and the history of what is not in it: a prompt goes from one to the other at once, so that one that is in neither
 * was in neither all the while.
 */
export function readQueueAnswer(answer: VendorAnswer, asked: AskedJob): PollAnswer {
  const queue = readQueue(answer, asked.model);
  if (queue.kind !== 'read') return queue;
  const state = stateInQueue(queue.value, asked.jobId);
  return state === undefined
    ? {
        kind: 'ask',
        request: historyRequest(asked.model, asked.jobId),
        read: (then) => readHistoryAnswer(then, asked),
      }
    : { kind: 'job', jobId: asked.jobId, reference: null, state };
}

function readHistoryAnswer(answer: VendorAnswer, asked: AskedJob): PollAnswer {
  const end = readHistory(answer, asked);
  return end.kind === 'ended' ? { kind: 'job', jobId: asked.jobId, reference: null, state: end.state } : end;
}

/** The same of a submit whose answer was lost: its prompt's id would be our reference. */
export function readLookupAnswer(answer: VendorAnswer, { model, reference }: LostSubmit): LookupAnswer {
  const queue = readQueue(answer, model);
  if (queue.kind !== 'read') return queue;
  const state = stateInQueue(queue.value, reference);
  if (state !== undefined) return { kind: 'found', jobs: [{ jobId: reference, state }] };
  const asked = { model, jobId: reference };
  return {
    kind: 'page',
    isWhole: true,
    jobs: [],
    next: historyRequest(model, reference),
    read: (then) => {
      const end = readHistory(then, asked);
      if (end.kind === 'not_found') return { kind: 'absent' };
      return end.kind === 'ended' ? { kind: 'found', jobs: [{ jobId: reference, state: end.state }] } : end;
    },
  };
}

/** `cancelled`: it is taken from the queue, or told to end. Whether it has ended is asked as ever. */
export function readCancelAnswer(answer: VendorAnswer, asked: AskedJob): PollAnswer {
  if (!isSuccess(answer.status)) return { kind: 'error', ...errorOfStatus(answer) };
  const said = read(answer, canceledSchema, maxErrorBytes);
  if (said.kind === 'unreadable') return said;
  const wasThere = said.value.cancelled;
  const request = { ...historyRequest(asked.model, asked.jobId), path: '/queue' };
  return {
    kind: 'ask',
    request,
    read(then) {
      const now = readQueueAnswer(then, asked);
      if (now.kind !== 'ask') return now;
      return { ...now, read: (last) => leavesNothing(readHistoryAnswer(last, asked), wasThere, asked) };
    },
  };
}

/** What was taken from the queue before it ran is nowhere any more. */
function leavesNothing(said: PollAnswer, wasThere: boolean, { jobId }: AskedJob): PollAnswer {
  return said.kind === 'not_found' && wasThere
    ? { kind: 'job', jobId, reference: null, state: { kind: 'canceled', isFree: true } }
    : said;
}

/** Ids of prompts in their order; undefined: an entry that is none. */
interface Queue {
  readonly running: readonly (string | undefined)[];
  readonly pending: readonly (string | undefined)[];
}

type SaidOfQueue =
  { readonly kind: 'read'; readonly value: Queue } | Unreadable | ({ readonly kind: 'error' } & VendorError);

/** The bound is the same for all of its models. */
const readQueue = readOnce((answer, model: string): SaidOfQueue => {
  if (!isSuccess(answer.status)) return { kind: 'error', ...errorOfStatus(answer) };
  const queue = read(answer, queueSchema, sheetIn(comfyuiSheets, model).maxAnswerBytes.poll);
  if (queue.kind === 'unreadable') return queue;
  const { queue_running, queue_pending } = queue.value;
  return {
    kind: 'read',
    value: { running: queue_running.map(promptIdOf), pending: queue_pending.map(promptIdOf) },
  };
});

function stateInQueue({ running, pending }: Queue, jobId: string): JobState | undefined {
  const open = { kind: 'open', percent: null, statusKnown: true } as const;
  if (running.includes(jobId))
    return { ...open, stage: 'running', queuePosition: null, vendorStatus: 'running' };
  const place = pending.indexOf(jobId);
  return place === -1
    ? undefined
    : { ...open, stage: 'queued', queuePosition: place + 1, vendorStatus: 'pending' };
}

function readHistory(
  answer: VendorAnswer,
  { model, jobId }: AskedJob,
):
  | { readonly kind: 'ended'; readonly state: JobState }
  | { readonly kind: 'not_found' }
  | Unreadable
  | ({ readonly kind: 'error' } & VendorError) {
  if (!isSuccess(answer.status)) return { kind: 'error', ...errorOfStatus(answer) };
  const history = read(answer, historySchema, sheetIn(comfyuiSheets, model).maxAnswerBytes.poll);
  if (history.kind === 'unreadable') return history;
  if (!Object.hasOwn(history.value, jobId)) return { kind: 'not_found' };
  const entry = historyEntrySchema.safeParse(history.value[jobId]);
  return entry.success
    ? { kind: 'ended', state: readEnd(entry.data) }
    : unreadable('an entry of the history that is none');
}

function read<T extends z.ZodType>(
  { body }: VendorAnswer,
  schema: T,
  maxBytes: number,
): { readonly kind: 'read'; readonly value: z.infer<T> } | Unreadable {
  const json = readBoundedJson(body, maxBytes);
  if (!json.ok) return unreadable(json.reason);
  const parsed = schema.safeParse(json.value);
  return parsed.success
    ? { kind: 'read', value: parsed.data }
    : unreadable('another answer than was asked for');
}
