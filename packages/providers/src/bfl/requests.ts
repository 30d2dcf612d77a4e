import type { SubmitInput, VendorRequest } from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { bflSheets } from './sheets.js';

/** Each host has its own tasks: with a webhook no address is told, and it is asked where it was submitted. */
export function submitRequest(input: SubmitInput): VendorRequest {
  const { model, prompt, width, height, seed, format, webhookUrl, webhookSecret } = input;
  return {
    method: 'POST',
    path: `/${model}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      prompt,
      width,
      height,
      seed,
      output_format: format,
      ...(webhookUrl === undefined ? {} : { webhook_url: webhookUrl, webhook_secret: webhookSecret }),
    }),
    maxAnswerBytes: sheetIn(bflSheets, model).maxAnswerBytes.submit,
  };
}

/** Where the vendor said, if it said so: another of its regions does not know the task. */
export function pollRequest(model: string, jobId: string, jobUrl?: string): VendorRequest {
  return {
    method: 'GET',
    path: `/get_result?id=${encodeURIComponent(jobId)}`,
    ...(jobUrl === undefined ? {} : { url: jobUrl }),
    headers: {},
    maxAnswerBytes: sheetIn(bflSheets, model).maxAnswerBytes.poll,
  };
}
