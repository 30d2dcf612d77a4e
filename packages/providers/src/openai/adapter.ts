import type { Money } from '@darkroom/domain';
import type { z } from 'zod';
import { inlinePictures, nothingToAsk } from '../answered-at-once.js';
import { readBoundedJson } from '../bounded-json.js';
import type {
  ProviderAdapter,
  SubmitAnswer,
  SubmitInput,
  VendorAnswer,
  VendorRequest,
} from '../provider-adapter.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { isDefiniteRefusal, readError } from './classifier.js';
import { imageSchema, imagesSchema } from './schemas.js';
import { restAfter } from './rate-headers.js';
import { openaiSheets, tokenMicros } from './sheets.js';

type Usage = z.infer<typeof imagesSchema>['usage'];

/** There is no seed: the reference rides in a header that only support can see. */
function submitRequest(input: SubmitInput): VendorRequest {
  return {
    method: 'POST',
    path: '/images/generations',
    headers: { 'content-type': 'application/json', 'x-client-request-id': input.reference },
    body: JSON.stringify({
      model: input.model,
      prompt: input.prompt,
      n: input.count,
      size: `${input.width}x${input.height}`,
      quality: 'medium',
      output_format: input.format,
    }),
    maxAnswerBytes: sheetIn(openaiSheets, input.model).maxAnswerBytes.submit,
  };
}

/** The pictures, a refusal, or nothing that proves anything. */
function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  if (!isSuccess(answer.status)) {
    const { ownEnvelope, ...error } = readError(answer, now);
    if (ownEnvelope && isDefiniteRefusal(answer.status)) return { kind: 'refused', ...error };
    return unreadable(
      `status ${answer.status}${ownEnvelope ? ` ${error.vendorCode}` : ' without the error envelope'}`,
    );
  }
  const json = readBoundedJson(answer.body, sheetIn(openaiSheets, model).maxAnswerBytes.submit);
  if (!json.ok) return unreadable(json.reason);
  const images = imagesSchema.safeParse(json.value);
  if (!images.success) return unreadable('no images in the answer');
  const { data, output_format, usage } = images.data;
  const mediaType = /^(png|jpeg|webp)$/i.test(output_format ?? '')
    ? `image/${output_format?.toLowerCase()}`
    : '';
  const pictures = inlinePictures(
    data.map((entry) => ({ data: imageSchema.safeParse(entry).data?.b64_json, mediaType })),
  );
  return { kind: 'ended', jobId: null, state: { kind: 'produced', ...pictures, ...costOf(model, usage) } };
}

/** By its tokens, as the price list has them. */
function costOf(model: string, usage: Usage): { cost?: Money } {
  const price = Object.hasOwn(tokenMicros, model) ? tokenMicros[model] : undefined;
  if (!usage || price === undefined) return {};
  const micros = usage.input_tokens * price.input + usage.output_tokens * price.output;
  return { cost: { micros: String(micros), currency: 'USD' } };
}

/** OpenAI's images API, `https://api.openai.com/v1`, and whatever speaks it at another address. */
export const openaiAdapter: ProviderAdapter = {
  vendor: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  models: openaiSheets,
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  ...nothingToAsk,
  restAfter,
};
