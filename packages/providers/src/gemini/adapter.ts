import { nothingToAsk } from '../answered-at-once.js';
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
import { readContent } from './content.js';
import { contentSchema } from './schemas.js';
import { geminiSheets } from './sheets.js';
import { geminiSizes } from './sizes.js';

/** @throws Error for a size that the sheet does not have */
function submitRequest(input: SubmitInput): VendorRequest {
  const aspectRatio = geminiSizes[`${input.width}x${input.height}`];
  if (aspectRatio === undefined) throw new Error(`${input.model} makes no ${input.width}x${input.height}`);
  return {
    method: 'POST',
    path: `/models/${input.model}:generateContent`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      contents: [{ role: 'user', parts: [{ text: input.prompt }] }],
      generationConfig: {
        responseModalities: ['IMAGE'],
        imageConfig: { aspectRatio },
        seed: input.seed & 0x7fff_ffff,
      },
    }),
    maxAnswerBytes: sheetIn(geminiSheets, input.model).maxAnswerBytes.submit,
  };
}

/** The picture, why there is none, a refusal, or nothing that proves anything. */
function readSubmitAnswer(model: string, answer: VendorAnswer, now: number): SubmitAnswer {
  if (!isSuccess(answer.status)) return refusalOf(answer, readError(answer, now));
  const json = readBoundedJson(answer.body, sheetIn(geminiSheets, model).maxAnswerBytes.submit);
  if (!json.ok) return unreadable(json.reason);
  const content = contentSchema.safeParse(json.value);
  if (!content.success) return unreadable('no content in the answer');
  const { candidates, promptFeedback } = content.data;
  return candidates || promptFeedback
    ? { kind: 'ended', jobId: null, state: readContent(content.data) }
    : unreadable('neither a candidate in the answer nor why there is none');
}

/** Google's Gemini API, `https://generativelanguage.googleapis.com/v1beta`. */
export const geminiAdapter: ProviderAdapter = {
  vendor: 'gemini',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  models: geminiSheets,
  // In the query it would lie in logs.
  authorize: (credential) => ({ 'x-goog-api-key': credential }),
  submit: submitRequest,
  readSubmit: readSubmitAnswer,
  ...nothingToAsk,
};
