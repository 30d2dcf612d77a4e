import { readBoundedJson } from '../bounded-json.js';
import type { Unreadable, WebhookNews } from '../provider-adapter.js';
import { unreadable } from '../unreadable.js';
import { vendorJobId } from '../vendor-text.js';
import { type Prediction, predictionSchema } from './schema.js';
import { readState } from './state.js';

/** A prediction whose id can be kept and asked for. */
export interface ReadPrediction {
  readonly kind: 'read';
  readonly jobId: string;
  readonly prediction: Prediction;
}

/** A body that is to be a prediction, of at most so many bytes. */
export function readPrediction(body: Uint8Array, maxBytes: number): ReadPrediction | Unreadable {
  const json = readBoundedJson(body, maxBytes);
  if (!json.ok) return unreadable(json.reason);
  const prediction = predictionSchema.safeParse(json.value);
  const jobId = prediction.success ? vendorJobId(prediction.data.id) : undefined;
  return prediction.success && jobId !== undefined
    ? { kind: 'read', jobId, prediction: prediction.data }
    : unreadable('no prediction in the answer');
}

/** What a webhook tells whose body is the prediction; undefined: it is none. */
export function readPredictionNews(rawBody: Uint8Array, maxBytes: number): WebhookNews | undefined {
  const read = readPrediction(rawBody, maxBytes);
  if (read.kind === 'unreadable') return undefined;
  return { jobId: read.jobId, reference: null, state: readState(read.prediction) };
}
