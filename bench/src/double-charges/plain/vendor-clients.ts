import { setTimeout as pause } from 'node:timers/promises';
import { createFalClient } from '@fal-ai/client';
import Replicate from 'replicate';
import { z } from 'zod';
import type { VendorName } from '../vendors.js';

/** A vendor as a worker calls it: in one go, or step by step by who keeps the job's id. */
export interface VendorClient {
  /** From a prompt to the address of its picture, as the client's documentation begins. */
  run(prompt: string): Promise<string>;
  /** @returns the id of the vendor's job */
  submit(prompt: string): Promise<string>;
  /** Waits for a job that was submitted. */
  wait(id: string): Promise<string>;
}

const pollMs = 500;
/** Far above what the vendor takes: none of its answers is given up early. */
const timeoutMs = 30_000;

export function clientOf(vendor: VendorName, url: string): VendorClient {
  switch (vendor) {
    case 'simulator':
      return simulatorClient(url);
    case 'replicate':
      return replicateClient(url);
    case 'fal':
      return falClient(url);
  }
}

const taken = z.object({ id: z.string() });
const simulatorJob = z.object({
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'canceled']),
  outputs: z.array(z.object({ url: z.string() })).nullable(),
});

/** No client of its own: plain HTTP, an answer that is no success is thrown. */
function simulatorClient(url: string): VendorClient {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
    return answer.json();
  };
  const submit = async (prompt: string): Promise<string> => {
    const order = { model: 'standard', prompt, width: 256, height: 256, format: 'jpeg' };
    return taken.parse(await call('POST', '/v1/jobs', order)).id;
  };
  const wait = async (id: string): Promise<string> => {
    for (;;) {
      const { status, outputs } = simulatorJob.parse(await call('GET', `/v1/jobs/${id}`));
      const link = outputs?.[0]?.url;
      if (status === 'succeeded' && link !== undefined) return link;
      if (status === 'failed' || status === 'canceled') throw new Error(`the job ${status}`);
      await pause(pollMs);
    }
  };
  return { submit, wait, run: async (prompt) => wait(await submit(prompt)) };
}

const links = z.array(z.string()).min(1);

function replicateClient(url: string): VendorClient {
  const replicate = new Replicate({ auth: 'key', baseUrl: `${url}/v1`, useFileOutput: false });
  const model = 'black-forest-labs/flux-schnell';
  const input = (prompt: string) => ({ prompt, output_format: 'jpg' });
  const first = (output: unknown): string => links.parse(output)[0] ?? '';
  return {
    run: async (prompt) => first(await replicate.run(model, { input: input(prompt) })),
    submit: async (prompt) => (await replicate.predictions.create({ model, input: input(prompt) })).id,
    async wait(id) {
      const ended = await replicate.wait(await replicate.predictions.get(id), { interval: pollMs });
      if (ended.status !== 'succeeded') throw new Error(`the prediction ${ended.status}`);
      return first(ended.output);
    },
  };
}

const falResult = z.object({ images: z.array(z.object({ url: z.string() })).min(1) });

function falClient(url: string): VendorClient {
  const fal = createFalClient({
    credentials: 'id:secret',
    requestMiddleware: async (request) => ({
      ...request,
      url: request.url.replace(/^https:\/\/(queue\.)?fal\.run/, url),
    }),
  });
  const model = 'fal-ai/flux/schnell';
  const input = (prompt: string) => ({ prompt, image_size: 'square' as const });
  const first = (data: unknown): string => falResult.parse(data).images[0]?.url ?? '';
  return {
    run: async (prompt) => first((await fal.subscribe(model, { input: input(prompt) })).data),
    submit: async (prompt) => (await fal.queue.submit(model, { input: input(prompt) })).request_id,
    async wait(requestId) {
      await fal.queue.subscribeToStatus(model, { requestId });
      return first((await fal.queue.result(model, { requestId })).data);
    },
  };
}
