import type { SubmitInput, VendorRequest } from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { cogSheets } from './sheets.js';

/** The usual word for a format among predictors. */
const formatWords = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/**
 * The run's id is ours, so that its webhook and its cancellation are known by it also where the answer is lost. `Prefer` must be this
 * word and nothing else: any other makes the server hold the answer until the end, and cancel the run where the connection breaks.
 */
export function submitRequest(input: SubmitInput): VendorRequest {
  return {
    method: 'PUT',
    path: predictionPath(input.reference),
    headers: { 'content-type': 'application/json', prefer: 'respond-async' },
    body: JSON.stringify({
      id: input.reference,
      input: {
        prompt: input.prompt,
        width: input.width,
        height: input.height,
        num_outputs: input.count,
        seed: input.seed,
        output_format: formatWords[input.format],
      },
      ...(input.webhookUrl === undefined
        ? {}
        : { webhook: input.webhookUrl, webhook_events_filter: ['completed'] }),
    }),
    maxAnswerBytes: sheetIn(cogSheets, input.model).maxAnswerBytes.submit,
  };
}

export function cancelRequest(model: string, jobId: string): VendorRequest {
  return {
    method: 'POST',
    path: `${predictionPath(jobId)}/cancel`,
    headers: {},
    maxAnswerBytes: sheetIn(cogSheets, model).maxAnswerBytes.poll,
  };
}

const predictionPath = (id: string): string => `/predictions/${encodeURIComponent(id)}`;
