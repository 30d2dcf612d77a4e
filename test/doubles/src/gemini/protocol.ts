import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Call, DoubleWorld, Reply, VendorProtocol } from '../harness/protocol.js';
import type { DoubleJob } from '../harness/vendor-book.js';
import { ratios } from './sizes.js';

const requestSchema = z.object({
  contents: z
    .array(
      z.object({
        role: z.string().optional(),
        parts: z.array(z.looseObject({ text: z.string().optional() })),
      }),
    )
    .min(1),
  generationConfig: z
    .object({
      responseModalities: z.array(z.enum(['TEXT', 'IMAGE'])).optional(),
      imageConfig: z.object({ aspectRatio: z.enum(Object.keys(ratios) as [string, ...string[]]) }).optional(),
      seed: z.number().int().optional(),
    })
    .optional(),
});

const models = ['gemini-2.5-flash-image'];

const refusal = (code: number, status: string, message: string, details?: unknown[]): Reply => ({
  status: code,
  body: { error: { code, message, status, ...(details === undefined ? {} : { details }) } },
});

const refusals: Readonly<Record<string, Reply>> = {
  400: refusal(400, 'INVALID_ARGUMENT', 'Invalid value at generation_config'),
  '400 key': refusal(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
  '400 region': refusal(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
  402: refusal(402, 'RESOURCE_EXHAUSTED', 'Your prepaid balance is used up.'),
  403: refusal(403, 'PERMISSION_DENIED', 'The caller does not have permission'),
  404: refusal(404, 'NOT_FOUND', 'models/x is not found for API version v1beta'),
  429: refusal(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', [
    { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [] },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34s' },
  ]),
  500: refusal(500, 'INTERNAL', 'An internal error has occurred.'),
  503: refusal(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
  504: refusal(504, 'DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'),
};

/** Google's Gemini API as far as it draws: synchronous, and nothing is kept. */
export function geminiProtocol(): VendorProtocol {
  return {
    name: 'gemini',
    words: { busy: { status: 429, seconds: 34 }, badKey: { status: 400, reason: 'key' } },
    isSubmit: ({ method, path }) => method === 'POST' && path.endsWith(':generateContent'),
    isPoll: () => false,
    refuse: (status, reason) =>
      refusals[reason === undefined ? status : `${status} ${reason}`] ?? {
        status,
        headers: { 'content-type': 'text/html' },
        body: `<h1>${status}</h1>`,
      },
    handle,
  };
}

const of = (status: string): Reply => refusals[status] ?? { status: 500 };

async function handle(call: Call, world: DoubleWorld): Promise<Reply> {
  if (typeof call.headers['x-goog-api-key'] !== 'string') return of('403');
  const [, model = ''] = /^\/v1beta\/models\/([^/:]+):generateContent$/.exec(call.path) ?? [];
  if (!models.includes(model)) return of('404');
  let asked: z.infer<typeof requestSchema>;
  try {
    asked = requestSchema.parse(JSON.parse(call.body.toString()));
  } catch {
    return of('400');
  }
  const { imageConfig, seed } = asked.generationConfig ?? {};
  const [width, height] = ratios[imageConfig?.aspectRatio ?? '1:1'] ?? [1024, 1024];
  const { book } = world;
  const job = book.accept({
    model,
    asked,
    order: {
      prompt: asked.contents.flatMap(({ parts }) => parts.map(({ text = '' }) => text)).join(' '),
      width,
      height,
      count: 1,
      seed: seed ?? Math.floor(Math.random() * 2 ** 31),
      format: 'png',
    },
    webhook: null,
  });
  await delay(book.controls.job.seconds * 1_000);
  return { status: 200, taken: job, body: await contentOf(job, world) };
}

/** `error`: the word of its end, or of its block where it begins with `block`. */
async function contentOf(job: DoubleJob, world: DoubleWorld): Promise<object> {
  const { answers, job: control } = world.book.controls;
  const usage = { promptTokenCount: 9, candidatesTokenCount: 1_290, totalTokenCount: 1_299 };
  const common = {
    ...(answers.withoutOptional ? {} : { usageMetadata: answers.oddTypes ? 'many' : usage }),
    modelVersion: job.model,
    responseId: answers.oddTypes ? 7 : job.id,
    ...(answers.extraFields ? { region: 'eu' } : {}),
  };
  const word = control.error ?? (job.end === 'moderated' ? 'IMAGE_SAFETY' : 'NO_IMAGE');
  if (word.startsWith('block '))
    return { ...common, promptFeedback: { blockReason: word.slice('block '.length) } };
  if (job.end !== 'succeeded')
    return {
      ...common,
      candidates: [
        {
          content: { role: 'model', parts: job.end === 'nothing' ? [{ text: 'I would rather not.' }] : [] },
          finishReason: job.end === 'nothing' ? 'STOP' : word,
          index: 0,
        },
      ],
    };
  const inlineData = { mimeType: 'image/png', data: (await world.picture(job, 0)).toString('base64') };
  return {
    ...common,
    candidates: [
      {
        content: {
          role: 'model',
          parts: [{ thought: true, inlineData }, { text: 'Here it is.' }, { inlineData }],
        },
        finishReason: 'STOP',
        index: 0,
      },
    ],
  };
}
