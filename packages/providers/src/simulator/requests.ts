import type { CapabilitySheet } from '../capability-sheet.js';
import type { SubmitInput, VendorRequest } from '../provider-adapter.js';
import { simulatorSheets } from './sheets.js';

/** The sheet of a model of this vendor. */
export function sheetOf(model: string): CapabilitySheet {
  const sheet = Object.hasOwn(simulatorSheets, model) ? simulatorSheets[model] : undefined;
  if (!sheet) throw new Error(`the simulator has no model ${model}`);
  return sheet;
}

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

export function pollRequest(model: string, jobId: string): VendorRequest {
  return {
    method: 'GET',
    path: `/v1/jobs/${encodeURIComponent(jobId)}`,
    headers: {},
    maxAnswerBytes: sheetOf(model).maxAnswerBytes.poll,
  };
}

export function lookupRequest(model: string, reference: string): VendorRequest | undefined {
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
