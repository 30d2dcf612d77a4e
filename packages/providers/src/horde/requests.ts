import type { SubmitInput, VendorRequest } from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { hordeSheets, recipes } from './sheets.js';

/** Name, version and contact, which every call is to say. */
const clientAgent = { 'client-agent': 'darkroom:0:unknown' };

/**
 * `nsfw` is true where nothing is said. Pictures of one request have one seed unless it is told to vary. Of all the samplers this one does for
 * every model.
 */
export function submitRequest(input: SubmitInput): VendorRequest {
  const { model, prompt, width, height, count, seed, webhookUrl } = input;
  const recipe = recipes[model];
  return {
    method: 'POST',
    path: '/generate/async',
    headers: { 'content-type': 'application/json', ...clientAgent },
    body: JSON.stringify({
      prompt,
      params: {
        n: count,
        width,
        height,
        steps: recipe?.steps,
        cfg_scale: recipe?.cfg,
        sampler_name: 'k_euler',
        karras: true,
        seed: String(seed),
        ...(count > 1 ? { seed_variation: 1 } : {}),
      },
      models: [recipe?.name],
      nsfw: false,
      censor_nsfw: true,
      r2: true,
      ...(webhookUrl === undefined ? {} : { webhook: webhookUrl }),
    }),
    maxAnswerBytes: sheetIn(hordeSheets, model).maxAnswerBytes.submit,
  };
}

/** How a request stands, without its pictures: may be asked ten times a second. */
export const checkRequest = (model: string, jobId: string): VendorRequest =>
  jobRequest('GET', 'check', model, jobId);

/** The same with links to the pictures: ten times a minute. */
export const statusRequest = (model: string, jobId: string): VendorRequest =>
  jobRequest('GET', 'status', model, jobId);

/** Drops what no worker has picked up. */
export const cancelRequest = (model: string, jobId: string): VendorRequest =>
  jobRequest('DELETE', 'status', model, jobId);

function jobRequest(
  method: 'GET' | 'DELETE',
  what: 'check' | 'status',
  model: string,
  jobId: string,
): VendorRequest {
  return {
    method,
    path: `/generate/${what}/${encodeURIComponent(jobId)}`,
    headers: clientAgent,
    maxAnswerBytes: sheetIn(hordeSheets, model).maxAnswerBytes.poll,
  };
}
