import { readBoundedJson } from '../bounded-json.js';
import type { CapabilitySheet } from '../capability-sheet.js';
import { textToImageGraph } from '../comfy-workflows/text-to-image.js';
import type {
  AskedJob,
  LookupAnswer,
  LostSubmit,
  PollAnswer,
  ProviderAdapter,
  SubmitAnswer,
  Unreadable,
  VendorAnswer,
  VendorRequest,
} from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { vendorJobId } from '../vendor-text.js';
import { withoutWebhooks } from '../not-offered.js';
import { readError } from './classifier.js';
import { isWithoutTrace, readState } from './job.js';
import { type ComfyJob, jobSchema, jobsSchema } from './schemas.js';
import { comfyCloudSheets, comfyProxySheets } from './sheets.js';

/** Most that the list gives, the newest first; there is no next page. */
const listed = 100;

/** How far a server's clock may be from ours. */
const clockSkewMs = 60_000;

interface Dialect {
  readonly vendor: string;
  readonly sheets: Readonly<Record<string, CapabilitySheet>>;
  readonly baseUrl?: string;
  /** It lists its jobs, with a text that may be sent along with each. */
  readonly hasList: boolean;
  readonly needsCredential: boolean;
}

/** Comfy API v2 as its cloud and its serverless deployments speak it. */
export const comfyAdapter: ProviderAdapter = adapterOf({
  vendor: 'comfy',
  sheets: comfyCloudSheets,
  baseUrl: 'https://cloud.comfy.org/api/v2',
  hasList: false,
  needsCredential: true,
});

/** The same as Comfy's own proxy speaks it (PyPI `comfy-api-proxy`), in front of a ComfyUI of one's own. */
export const comfyProxyAdapter: ProviderAdapter = adapterOf({
  vendor: 'comfy-proxy',
  sheets: comfyProxySheets,
  hasList: true,
  needsCredential: false,
});

function adapterOf({ vendor, sheets, baseUrl, hasList, needsCredential }: Dialect): ProviderAdapter {
  const bounds = (model: string): CapabilitySheet['maxAnswerBytes'] => sheetIn(sheets, model).maxAnswerBytes;
  const readPoll = (answer: VendorAnswer, { model, jobId }: AskedJob, now: number): PollAnswer => {
    if (!isSuccess(answer.status)) {
      const { proves: _, ...error } = readError(answer, now);
      const isMissing = answer.status === 404 && error.vendorCode === 'not_found';
      return isMissing ? { kind: 'not_found' } : { kind: 'error', ...error };
    }
    const job = readJob(answer, bounds(model).poll);
    if (job.kind === 'unreadable') return job;
    if (job.jobId !== jobId) return unreadable('the answer names another job');
    return isWithoutTrace(job.job)
      ? { kind: 'not_found' }
      : { kind: 'job', jobId, reference: null, state: readState(job.job) };
  };
  return {
    vendor,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    models: sheets,
    ...(needsCredential ? {} : { needsNoCredential: true }),
    authorize: (credential) => (credential === '' ? {} : { authorization: `Bearer ${credential}` }),
    submit: (input) => ({
      method: 'POST',
      path: '/jobs',
      headers: { 'content-type': 'application/json', 'idempotency-key': input.reference },
      body: JSON.stringify({
        workflow: textToImageGraph(input),
        ...(hasList ? { metadata: input.reference } : {}),
      }),
      maxAnswerBytes: bounds(input.model).submit,
    }),
    readSubmit: (model, answer, now) => readSubmitAnswer(answer, bounds(model).submit, now),
    poll: (model, jobId) => jobRequest('GET', jobId, '', bounds(model).poll),
    readPoll,
    lookup: ({ model }) =>
      hasList
        ? { method: 'GET', path: `/jobs?limit=${listed}`, headers: {}, maxAnswerBytes: bounds(model).lookup }
        : undefined,
    readLookup: (answer, lost, now) => readLookupAnswer(answer, lost, bounds(lost.model).lookup, now),
    cancel: (model, jobId) => jobRequest('POST', jobId, '/cancel', bounds(model).poll),
    readCancel: readPoll,
    ...withoutWebhooks,
  };
}

const jobRequest = (
  method: 'GET' | 'POST',
  jobId: string,
  verb: string,
  maxAnswerBytes: number,
): VendorRequest => ({
  method,
  path: `/jobs/${encodeURIComponent(jobId)}${verb}`,
  headers: {},
  maxAnswerBytes,
});

function readSubmitAnswer(answer: VendorAnswer, maxBytes: number, now: number): SubmitAnswer {
  if (isSuccess(answer.status)) {
    const job = readJob(answer, maxBytes);
    return job.kind === 'unreadable'
      ? job
      : { kind: 'accepted', jobId: job.jobId, queuePosition: job.job.queue_position ?? null };
  }
  const { proves, ...error } = readError(answer, now);
  const { vendorCode, vendorMessage } = error;
  switch (proves) {
    case 'refused':
      return { kind: 'refused', ...error };
    case 'key-used':
      return { kind: 'duplicate', vendorCode, vendorMessage };
    case 'nothing':
      // Also `upstream_unreachable`: the key stays used, and whether there is a job nobody knows.
      return unreadable(`status ${answer.status} ${vendorCode}, by which nothing is refused for certain`);
  }
}

/** The reference is the text that was sent along. */
function readLookupAnswer(
  answer: VendorAnswer,
  { reference, startedAt }: LostSubmit,
  maxBytes: number,
  now: number,
): LookupAnswer {
  if (!isSuccess(answer.status)) {
    const { proves: _, ...error } = readError(answer, now);
    return { kind: 'error', ...error };
  }
  const json = readBoundedJson(answer.body, maxBytes);
  if (!json.ok) return unreadable(json.reason);
  const list = jobsSchema.safeParse(json.value);
  if (!list.success) return unreadable('no list of jobs in the answer');
  const entries = list.data.jobs.map((entry) => jobSchema.safeParse(entry));
  const jobs = entries.flatMap(({ data }) => {
    const jobId = vendorJobId(data?.id);
    return data !== undefined && jobId !== undefined && data.metadata === reference
      ? [{ jobId, state: readState(data) }]
      : [];
  });
  if (jobs.length > 0) return { kind: 'found', jobs };
  const isRead = entries.every(({ success }) => success);
  // It goes back to before the submit.
  const reachesBack =
    entries.length < listed ||
    entries.some(({ data }) => Date.parse(data?.created_at ?? '') < startedAt - clockSkewMs);
  return isRead && reachesBack && list.data.truncated !== true
    ? { kind: 'absent' }
    : unreadable('part of the list cannot be read');
}

function readJob(
  answer: VendorAnswer,
  maxBytes: number,
): { readonly kind: 'read'; readonly jobId: string; readonly job: ComfyJob } | Unreadable {
  const json = readBoundedJson(answer.body, maxBytes);
  if (!json.ok) return unreadable(json.reason);
  const job = jobSchema.safeParse(json.value);
  const jobId = job.success ? vendorJobId(job.data.id) : undefined;
  return job.success && jobId !== undefined
    ? { kind: 'read', jobId, job: job.data }
    : unreadable('no job in the answer');
}
