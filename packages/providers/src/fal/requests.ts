import type { CapabilitySheet } from '../capability-sheet.js';
import type { LostSubmit, SubmitInput, VendorRequest } from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { falSheets } from './sheets.js';

/** Before and after the submit, in milliseconds: how far a vendor's clock may be from ours, and how late a job may end. */
const clockSkewMs = 60_000;
const lateMs = 3_600_000;
const leastTimeout = 2;

export const sheetOf = (model: string): CapabilitySheet => sheetIn(falSheets, model);

/** Requests belong to the app: the first two parts of the model's name. */
function appOf(model: string): string {
  return model.split('/').slice(0, 2).join('/');
}

/** What the app is asked for; by which a request is known again. */
export function inputOf(input: Omit<SubmitInput, 'deadlineSeconds'>): Readonly<Record<string, unknown>> {
  return {
    prompt: input.prompt,
    image_size: { width: input.width, height: input.height },
    num_images: input.count,
    seed: input.seed,
    output_format: input.format,
  };
}

export function submitRequest(input: SubmitInput): VendorRequest {
  const sheet = sheetOf(input.model);
  const hook = input.webhookUrl === undefined ? '' : `?fal_webhook=${encodeURIComponent(input.webhookUrl)}`;
  return {
    method: 'POST',
    path: `/${input.model}${hook}`,
    headers: {
      'content-type': 'application/json',
      // What has not begun by our own deadline is not begun at all.
      'x-fal-request-timeout': String(Math.max(leastTimeout, Math.ceil(input.deadlineSeconds))),
    },
    body: JSON.stringify(inputOf(input)),
    maxAnswerBytes: sheet.maxAnswerBytes.submit,
  };
}

const ofRequest = (model: string, jobId: string): string =>
  `/${appOf(model)}/requests/${encodeURIComponent(jobId)}`;

export function pollRequest(model: string, jobId: string): VendorRequest {
  return {
    method: 'GET',
    path: `${ofRequest(model, jobId)}/status?logs=1`,
    headers: {},
    maxAnswerBytes: sheetOf(model).maxAnswerBytes.poll,
  };
}

/** What came of a request that has ended: there is no status for a failure. */
export function resultRequest(model: string, jobId: string): VendorRequest {
  return {
    method: 'GET',
    path: ofRequest(model, jobId),
    headers: {},
    maxAnswerBytes: sheetOf(model).maxAnswerBytes.poll,
  };
}

export function cancelRequest(model: string, jobId: string): VendorRequest {
  return {
    method: 'PUT',
    path: `${ofRequest(model, jobId)}/cancel`,
    headers: {},
    maxAnswerBytes: sheetOf(model).maxAnswerBytes.poll,
  };
}

export function lookupRequest({ model, startedAt }: LostSubmit, cursor?: string): VendorRequest {
  const query = new URLSearchParams({
    endpoint_id: model,
    start: new Date(startedAt - clockSkewMs).toISOString(),
    end: new Date(startedAt + lateMs).toISOString(),
    expand: 'payloads',
    limit: '100',
    ...(cursor === undefined ? {} : { cursor }),
  });
  return {
    method: 'GET',
    at: 'api',
    path: `/v1/models/requests/by-endpoint?${query.toString()}`,
    headers: {},
    maxAnswerBytes: sheetOf(model).maxAnswerBytes.lookup,
  };
}
