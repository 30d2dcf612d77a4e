import type { LostSubmit, SubmitInput, VendorRequest } from '../provider-adapter.js';
import type { CapabilitySheet } from '../capability-sheet.js';
import { sheetIn } from '../sheet-in.js';
import { replicateSheets } from './sheets.js';
import { megapixelSizes } from '../megapixel-sizes.js';

/** The vendor's own word for a format. */
const formatWords = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/** How far a vendor's clock may be from ours. */
const clockSkewMs = 60_000;

/** The least that `Cancel-After` takes. */
const leastDeadline = 5;

export const sheetOf = (model: string): CapabilitySheet => sheetIn(replicateSheets, model);

/** What the model is asked for; by which a prediction is known again. */
export function inputOf(input: Omit<SubmitInput, 'deadlineSeconds'>): Readonly<Record<string, unknown>> {
  const ratio = megapixelSizes[`${input.width}x${input.height}`];
  if (ratio === undefined) throw new Error(`${input.model} makes no ${input.width}x${input.height}`);
  return {
    prompt: input.prompt,
    aspect_ratio: ratio,
    megapixels: '1',
    num_outputs: input.count,
    seed: input.seed,
    output_format: formatWords[input.format],
  };
}

/** No `Prefer: wait`: the answer comes as soon as the prediction exists, and the unknown window stays short. */
export function submitRequest(input: SubmitInput): VendorRequest {
  return {
    method: 'POST',
    path: `/models/${input.model}/predictions`,
    headers: {
      'content-type': 'application/json',
      // A prediction that we lost ends by itself, and with it what it costs.
      'cancel-after': `${Math.max(leastDeadline, Math.ceil(input.deadlineSeconds))}s`,
    },
    body: JSON.stringify({
      input: inputOf(input),
      ...(input.webhookUrl === undefined
        ? {}
        : { webhook: input.webhookUrl, webhook_events_filter: ['completed'] }),
    }),
    maxAnswerBytes: sheetOf(input.model).maxAnswerBytes.submit,
  };
}

export function pollRequest(model: string, jobId: string): VendorRequest {
  return {
    method: 'GET',
    path: `/predictions/${encodeURIComponent(jobId)}`,
    headers: {},
    maxAnswerBytes: sheetOf(model).maxAnswerBytes.poll,
  };
}

/** The predictions of the minutes around the submit: the list takes nothing else to choose by. */
export function lookupRequest({ model, startedAt }: LostSubmit): VendorRequest {
  const { sendBySeconds, submitTimeoutSeconds, acceptLagSeconds } = sheetOf(model);
  const latestMs = (sendBySeconds + submitTimeoutSeconds + acceptLagSeconds) * 1_000 + clockSkewMs;
  const window = new URLSearchParams({
    created_after: new Date(startedAt - clockSkewMs).toISOString(),
    created_before: new Date(startedAt + latestMs).toISOString(),
  });
  return listRequest(model, window);
}

/** The page that a list's `next` names; undefined where that is no address of a list. */
export function nextPageRequest(model: string, next: string): VendorRequest | undefined {
  if (!URL.canParse(next)) return undefined;
  const { pathname, searchParams } = new URL(next);
  // Where it is asked is the account's business and not the answer's.
  return pathname.endsWith('/predictions') ? listRequest(model, searchParams) : undefined;
}

function listRequest(model: string, query: URLSearchParams): VendorRequest {
  return {
    method: 'GET',
    path: `/predictions?${query.toString()}`,
    headers: {},
    maxAnswerBytes: sheetOf(model).maxAnswerBytes.lookup,
  };
}

export function cancelRequest(model: string, jobId: string): VendorRequest {
  return {
    method: 'POST',
    path: `/predictions/${encodeURIComponent(jobId)}/cancel`,
    headers: {},
    maxAnswerBytes: sheetOf(model).maxAnswerBytes.poll,
  };
}
