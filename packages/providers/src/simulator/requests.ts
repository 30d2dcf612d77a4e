import type { CapabilitySheet } from '../capability-sheet.js';
import type { LostSubmit, SubmitInput, VendorRequest } from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { simulatorSheets } from './sheets.js';

/** The sheet of a model of this vendor. */
export const sheetOf = (model: string): CapabilitySheet => sheetIn(simulatorSheets, model);

/** The fields stand in this order always: a repeat under the same key is the same bytes. */
export function submitRequest(input: SubmitInput): VendorRequest {
  const sheet = sheetOf(input.model);
  const named = sheet.submit === 'lookup' || sheet.submit === 'keyed-reject';
  const body = {
    model: input.model,
    prompt: input.prompt,
    width: input.width,
    height: input.height,
    count: input.count,
    seed: input.seed,
    format: input.format,
    ...(named ? { reference: input.reference } : {}),
    ...(sheet.takesWebhook && input.webhookUrl !== undefined ? { webhook_url: input.webhookUrl } : {}),
  };
  return {
    method: 'POST',
    path: '/v1/jobs',
    headers: {
      'content-type': 'application/json',
      ...(sheet.submit === 'keyed-replay' ? { 'idempotency-key': input.reference } : {}),
    },
    body: JSON.stringify(body),
    maxAnswerBytes: sheet.maxAnswerBytes.submit,
  };
}

export function pollRequest(model: string, jobId: string): VendorRequest | undefined {
  const sheet = sheetOf(model);
  if (sheet.poll === 'none') return undefined;
  return {
    method: 'GET',
    path: `/v1/jobs/${encodeURIComponent(jobId)}`,
    headers: {},
    maxAnswerBytes: sheet.maxAnswerBytes.poll,
  };
}

export function lookupRequest({ model, reference }: LostSubmit): VendorRequest | undefined {
  const sheet = sheetOf(model);
  if (sheet.submit !== 'lookup' && sheet.submit !== 'keyed-reject') return undefined;
  return {
    method: 'GET',
    path: `/v1/jobs?reference=${encodeURIComponent(reference)}`,
    headers: {},
    maxAnswerBytes: sheet.maxAnswerBytes.lookup,
  };
}

export function cancelRequest(model: string, jobId: string): VendorRequest | undefined {
  const sheet = sheetOf(model);
  if (sheet.cancel === 'never') return undefined;
  return {
    method: 'POST',
    path: `/v1/jobs/${encodeURIComponent(jobId)}/cancel`,
    headers: {},
    maxAnswerBytes: sheet.maxAnswerBytes.poll,
  };
}
