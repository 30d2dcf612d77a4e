import { answerHeader } from '../answer-header.js';
import { inlinePictures, nothingToAsk } from '../answered-at-once.js';
import { readBoundedJson } from '../bounded-json.js';
import type {
  ProviderAdapter,
  SubmitAnswer,
  SubmitInput,
  VendorAnswer,
  VendorRequest,
} from '../provider-adapter.js';
import { refusalOf } from '../refusal.js';
import { sheetIn } from '../sheet-in.js';
import { isSuccess } from '../status-classes.js';
import { unreadable } from '../unreadable.js';
import { readError } from './classifier.js';
import { formOf } from './form.js';
import { resultSchema } from './schemas.js';
import { stabilitySheets } from './sheets.js';
import { stabilitySizes } from './sizes.js';

/** 0 asks for one that nobody chose. */
const seedRange = { least: 1, most: 4_294_967_294 };

/** @throws Error for a size that the sheet does not have */
function submitRequest(input: SubmitInput): VendorRequest {
  const { model, prompt, width, height, format, reference } = input;
  const aspectRatio = stabilitySizes[`${width}x${height}`];
  if (aspectRatio === undefined) throw new Error(`${model} makes no ${width}x${height}`);
  const isService = model === 'core' || model === 'ultra';
  const { contentType, body } = formOf(
    {
      prompt,
      aspect_ratio: aspectRatio,
      seed: String(Math.min(Math.max(input.seed, seedRange.least), seedRange.most)),
      output_format: format,
      ...(isService ? {} : { model, mode: 'text-to-image' }),
    },
    reference,
  );
  return {
    method: 'POST',
    path: `/v2beta/stable-image/generate/${isService ? model : 'sd3'}`,
    // The bare bytes, which it would send else, do not say in their body whether they were filtered.
    headers: { accept: 'application/json', 'content-type': contentType },
    body,
    maxAnswerBytes: sheetIn(stabilitySheets, model).maxAnswerBytes.submit,
  };
}

/** The picture, that it was filtered, a refusal, or nothing that proves anything. */
function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  if (!isSuccess(answer.status)) return refusalOf(answer, readError(answer, now));
  const json = readBoundedJson(answer.body, sheetIn(stabilitySheets, model).maxAnswerBytes.submit);
  if (!json.ok) return unreadable(json.reason);
  const result = resultSchema.safeParse(json.value);
  if (!result.success) return unreadable('no finish reason in the answer');
  const { image, finish_reason } = result.data;
  switch (finish_reason.toUpperCase()) {
    case 'SUCCESS':
      return {
        kind: 'ended',
        jobId: null,
        state: {
          kind: 'produced',
          ...inlinePictures([{ data: image ?? undefined, mediaType: mediaTypeOf(answer) }]),
        },
      };
    // With a picture all the same, which is blurred.
    case 'CONTENT_FILTERED':
      return {
        kind: 'ended',
        jobId: null,
        state: {
          kind: 'failed',
          end: 'ATTEMPT_END_MODERATED',
          failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
          vendorCode: 'CONTENT_FILTERED',
          vendorMessage: '',
        },
      };
    default:
      return unreadable('a finish reason that nobody knows');
  }
}

/** `application/json; type=image/png`. */
const mediaTypeOf = ({ headers }: VendorAnswer): string =>
  /;\s*type="?(image\/[a-z]{1,20})\b/.exec(answerHeader(headers, 'content-type') ?? '')?.[1] ?? '';

/** Stability AI's Stable Image API, `https://api.stability.ai`. */
export const stabilityAdapter: ProviderAdapter = {
  vendor: 'stability',
  baseUrl: 'https://api.stability.ai',
  models: stabilitySheets,
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  ...nothingToAsk,
};
