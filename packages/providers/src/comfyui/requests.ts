import { textToImageGraph } from '../comfy-workflows/text-to-image.js';
import type { SubmitInput, VendorRequest } from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { comfyuiSheets } from './sheets.js';

export function submitRequest(input: SubmitInput): VendorRequest {
  return {
    method: 'POST',
    path: '/prompt',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      prompt: textToImageGraph(input),
      prompt_id: input.reference,
      client_id: 'darkroom',
      extra_data: {},
    }),
    maxAnswerBytes: sheetIn(comfyuiSheets, input.model).maxAnswerBytes.submit,
  };
}

/** What waits and what runs. */
export const queueRequest = (model: string): VendorRequest => getRequest(model, '/queue');

/** What has ended of this prompt. */
export const historyRequest = (model: string, jobId: string): VendorRequest =>
  getRequest(model, `/history/${encodeURIComponent(jobId)}`);

const getRequest = (model: string, path: string): VendorRequest => ({
  method: 'GET',
  path,
  headers: {},
  maxAnswerBytes: sheetIn(comfyuiSheets, model).maxAnswerBytes.poll,
});

/**
 * By its id alone, whether it waits or runs. The older way, to interrupt whatever runs, ends the work of others: a server that does not
 * know this one lets the run go on.
 */
export function cancelRequest(model: string, jobId: string): VendorRequest {
  return {
    method: 'POST',
    path: `/api/jobs/${encodeURIComponent(jobId)}/cancel`,
    headers: { 'content-type': 'application/json' },
    body: '{}',
    maxAnswerBytes: sheetIn(comfyuiSheets, model).maxAnswerBytes.submit,
  };
}
